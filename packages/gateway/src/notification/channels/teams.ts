import { isLoopbackUrl, poster, readSecretFile, refused, SinkFailure } from '../../export/index.ts';
import type { Channel } from '../channel.ts';
import { factsOf, type Notice, outcomeOf } from '../notice.ts';
import type { ChannelOf } from '../section.ts';

/** Adaptive cards to a workflow of Microsoft Teams. What people do with the card decides nothing: it holds a link at most. */
export function teamsChannel(config: ChannelOf<'teams'>): Channel {
  const { urlFile, caFile, allowPrivateAddresses: privateAddresses } = config;
  let open: { readonly url: string; readonly poster: ReturnType<typeof poster> } | null = null;
  return {
    async send(notice, signal) {
      const url = checkedUrl(await readSecretFile(urlFile, 'URL of the workflow'));
      if (open?.url !== url) {
        open?.poster.close();
        open = { url, poster: poster({ url, caFile, privateAddresses, what: 'the message' }) };
      }
      const body = Buffer.from(JSON.stringify(messageOf(notice)));
      const answer = await open.poster.post({ 'content-type': 'application/json' }, body, signal);
      if (answer.status < 200 || answer.status > 299) throw refused(answer);
    },
    close: () => open?.poster.close(),
  };
}

/** The URL holds a signature: no word of it is repeated. */
function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackUrl(text))) return url.href;
  throw new SinkFailure('the file of the URL of the workflow (url_file) holds no https URL');
}

function messageOf(notice: Notice): object {
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      runs(notice.event === 'access-request.opened' ? 'Approval needed' : outcomeOf(notice), {
        weight: 'Bolder',
      }),
      runs(notice.form, { fontType: 'Monospace' }),
      ...(notice.text === undefined ? [] : [runs(notice.text, { fontType: 'Monospace' })]),
      ...(notice.parameters ?? []).map((value, at) =>
        runs(`$${at + 1} = ${value}`, { fontType: 'Monospace' }),
      ),
      ...factsOf(notice).map(([name, value]) => runs(`${name}: ${value}`, {})),
    ],
    actions: notice.link === null ? [] : [{ type: 'Action.OpenUrl', title: 'Look at it', url: notice.link }],
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }],
  };
}

/** TextBlock and FactSet read Markdown, and so links, out of what they are given; a TextRun shows it as it is. */
function runs(text: string, style: object): object {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}
