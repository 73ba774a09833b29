/** Messages as Block Kit. What others chose goes into plain text and preformatted text, where nothing is a link or a mention. */
import { factsOf, inertText, type Notice, outcomeOf } from '../notice.ts';
import { ACTIONS, DENY_VIEW, REASON } from './payload.ts';

/** Longest text of one block (Block Kit, section). */
const BLOCK_LENGTH = 2_900;

/** A message about an access request: with buttons while it waits. */
export function messageOf(notice: Notice): object {
  const waits = notice.event === 'access-request.opened';
  const blocks = [
    plain(waits ? 'Approval needed' : outcomeOf(notice)),
    verbatim(notice.form),
    ...(notice.text === undefined ? [] : [verbatim(notice.text)]),
    ...(notice.parameters ?? []).map((value, at) => verbatim(`$${at + 1} = ${value}`)),
    plain(
      factsOf(notice)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
    ),
    ...(waits || notice.link !== null ? [buttons(notice, waits)] : []),
  ];
  return { ...fallback(waits ? `Approval needed: ${notice.requestId}` : outcomeOf(notice)), blocks };
}

/** A few words to one person. */
export function wordsTo(text: string): object {
  return { response_type: 'ephemeral', replace_original: false, ...fallback(text), blocks: [plain(text)] };
}

/** Asks why it is denied. */
export function denyView(id: string, responseUrl: string): object {
  return {
    type: 'modal',
    callback_id: DENY_VIEW,
    private_metadata: JSON.stringify({ id, responseUrl }),
    title: label('Deny'),
    submit: label('Deny'),
    close: label('Cancel'),
    blocks: [
      {
        type: 'input',
        block_id: REASON.block,
        label: label('Why? It is told to whoever asked.'),
        element: { type: 'plain_text_input', action_id: REASON.action, multiline: true, max_length: 500 },
      },
    ],
  };
}

/** What stands in the way, under the field of the reason. */
export function denyProblem(text: string): object {
  return { response_action: 'errors', errors: { [REASON.block]: inertText(text, 500) } };
}

function buttons({ requestId, stepUp, link }: Notice, waits: boolean): object {
  const button = (text: string, action: string, style: string) => ({
    type: 'button',
    text: label(text),
    action_id: action,
    value: requestId,
    style,
  });
  // With a passkey it cannot be approved here: the link leads to where it can.
  const elements = [
    ...(waits && !stepUp ? [button('Approve', ACTIONS.approve, 'primary')] : []),
    ...(waits ? [button('Deny', ACTIONS.deny, 'danger')] : []),
    ...(link === null
      ? []
      : [{ type: 'button', text: label('Look at it'), action_id: ACTIONS.look, url: link }]),
  ];
  return { type: 'actions', elements };
}

/** What notifications show. It is read as Slack's markup, whatever else is said. */
function fallback(text: string): object {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return { text: escaped.slice(0, BLOCK_LENGTH), unfurl_links: false, unfurl_media: false };
}

function plain(text: string): object {
  return { type: 'section', text: label(text.slice(0, BLOCK_LENGTH)) };
}

function label(text: string): object {
  return { type: 'plain_text', text, emoji: false };
}

function verbatim(text: string): object {
  return {
    type: 'rich_text',
    elements: [
      {
        type: 'rich_text_preformatted',
        elements: [{ type: 'text', text: text === '' ? ' ' : text.slice(0, BLOCK_LENGTH) }],
      },
    ],
  };
}
