/** What telling people, and deciding in Slack, promises. */
export const notificationRequirements = {
  'notification.inert':
    'A message holds no text or parameter of an operation unless that is configured, is bounded, and nothing in it becomes markup, a link, a mention or a header.',
  'notification.ended': 'Whoever was asked is told how it ended.',
  'notification.webhook': 'A webhook is signed as Standard Webhooks has it.',
  'notification.filter': 'A channel is told only of the groups and targets it is for.',
  'notification.at-least-once':
    'What a channel did not take is sent again, as the same message, until the access request is over.',
  'notification.bounded':
    'A channel that takes nothing holds nobody up, keeps so many messages, and gives up what nobody could use.',
  'notification.status':
    'How a channel does is known, without a secret, an address or a word of the other end.',
  'notification.ssrf':
    'No redirect is followed, and an address that is not public is reached only where that is configured.',
  'notification.config': 'A channel that would tell in the clear, or let a header in, is refused.',
  'notification.teams': 'A Teams workflow gets a card that decides nothing.',
  'notification.email':
    'A mail goes to whom it is for, signed in where that is configured, and decides nothing.',
  'notification.email-tls': 'No mail is sent without TLS to another machine.',
  'notification.test': 'A test sends one message that asks for nothing.',
  'slack.message': 'A message in Slack says what waits and who asks, with buttons only while it waits.',
  'slack.decides':
    'A press in Slack decides once, as the person linked, through the approval room, and the entry says so.',
  'slack.one-seat': 'Several Slack users of one person fill one seat.',
  'slack.unlinked': 'A Slack user who is linked to nobody decides nothing and is told how to link.',
  'slack.same-rules': 'Nobody may do in Slack what they may not do at the control plane.',
  'slack.link':
    'A Slack user is linked only by the person they are, signed in, with a code good once and for minutes, on record first.',
  'slack.sealed':
    'A link that was added, moved or changed in the store by anybody but a gateway is none, and that is on record.',
  'slack.not-back': 'A link that is put back in the store after it ended or was replaced is none.',
  'slack.link-ends': 'A link ends by time, by its person, and when that person is revoked.',
  'slack.step-up': 'What needs a passkey cannot be approved in Slack.',
  'slack.deny': 'A denial in Slack asks why.',
  'slack.signature':
    'A request that Slack did not sign, that was altered, that is old or that was answered before does nothing.',
  'slack.foreign': 'A request of another app or workspace, or of another form, does nothing.',
  'slack.response-url': 'Nothing is posted to a response URL that is not below the configured one.',
  'slack.rate': 'Requests that Slack did not sign are limited by address, and so are their entries.',
};
