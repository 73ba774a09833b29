import { poster, refused, signedHeaders } from '../../export/index.ts';
import type { Channel } from '../channel.ts';
import type { Notice } from '../notice.ts';
import type { ChannelOf } from '../section.ts';

/** One notice as JSON, posted and signed as https://www.standardwebhooks.com has it. */
export function webhookChannel(config: ChannelOf<'webhook'>, now: () => number): Channel {
  const { url, caFile, allowPrivateAddresses, secretFile } = config;
  const { post, close } = poster({
    url,
    caFile,
    privateAddresses: allowPrivateAddresses,
    what: 'the message',
  });
  return {
    async send(notice, signal) {
      const body = Buffer.from(JSON.stringify(bodyOf(notice, now())));
      const timestamp = String(Math.floor(now() / 1_000));
      const signed = await signedHeaders(secretFile, { id: `msg_${notice.id}`, timestamp, body });
      const answer = await post({ 'content-type': 'application/json', ...signed }, body, signal);
      if (answer.status < 200 || answer.status > 299) throw refused(answer);
    },
    close,
  };
}

/** `type`, `timestamp` and `data`, as the specification recommends. */
function bodyOf(notice: Notice, now: number): object {
  const { id: _, event, createdAt, expiresAt, ...data } = notice;
  return {
    type: event,
    timestamp: new Date(now).toISOString(),
    data: {
      ...data,
      createdAt: new Date(createdAt).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
    },
  };
}
