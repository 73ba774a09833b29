import { BackendType, BodyReader, FrameReader, FrameWriter, FrontendType } from '@sallyport/postgres-wire';
import type { Permit, StudyLink, TargetLink } from '../protocol.ts';

/** Largest answer to one of the gateway's own queries, in bytes: bounds what a hostile target can make us hold. */
const ANSWER_BYTES = 256 * 1024 * 1024;
/** Longest time for it, in milliseconds. */
const ANSWER_MS = 30_000;

/** Runs one fixed query of the gateway's own ; rows as text, null as the empty string. */
export function runQuery(
  link: TargetLink,
  permit: Permit,
  sql: string,
): Promise<readonly (readonly string[])[]> {
  const send = (bytes: Uint8Array): void => {
    link.forward(permit, bytes);
    link.flush();
  };
  const onReply: StudyLink['onReply'] = (handler) => link.onReply(handler);
  const onClose: StudyLink['onClose'] = (handler) => link.onClose(handler);
  return askQuery({ send, onReply, onClose }, sql);
}

/** `runQuery` over a connection that carries the gateway's own queries and nothing else. */
export function askQuery(
  link: Pick<StudyLink, 'send' | 'onReply' | 'onClose'>,
  sql: string,
): Promise<readonly (readonly string[])[]> {
  return new Promise((resolve, reject) => {
    const rows: string[][] = [];
    let bytes = 0;
    let failure: Error | null = null;
    const frames = new FrameReader(ANSWER_BYTES);
    const done = (fault: Error | null): void => {
      clearTimeout(deadline);
      if (fault === null) resolve(rows);
      else reject(fault);
    };
    const deadline = setTimeout(() => done(new Error('the target did not answer in time')), ANSWER_MS);
    const take = (type: number, chunk: Buffer, start: number, end: number): void => {
      switch (type) {
        case BackendType.DataRow:
          rows.push(readTextRow(new BodyReader(chunk, start, end)));
          break;
        case BackendType.ErrorResponse:
          failure = new Error('the target refused the query for its catalog');
          break;
        case BackendType.ReadyForQuery:
          done(failure);
          break;
        default:
      }
    };
    link.onReply((chunk) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES) return done(new Error(`the catalog is larger than ${ANSWER_BYTES} bytes`));
      try {
        frames.push(chunk, take);
      } catch (fault) {
        done(fault instanceof Error ? fault : new Error('the answer cannot be read'));
      }
    });
    link.onClose((fault) => done(fault ?? new Error('the target closed the connection')));
    link.send(new FrameWriter(4096).begin(FrontendType.Query).string(sql).end().take());
  });
}

function readTextRow(body: BodyReader): string[] {
  return Array.from({ length: body.count() }, () => body.value()?.toString('utf8') ?? '');
}
