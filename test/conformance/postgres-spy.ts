/** Stands between the connector and PostgreSQL: says which text the server is asked to run, and breaks replies. */
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { BodyReader, FrameReader, FrontendType } from '../../packages/postgres-wire/src/index.ts';

/** What is done to the reply of one text: left alone, cut in the middle, or replaced. */
export type Interference = 'none' | 'interrupt' | 'replace';

/** Bytes of a reply that still pass before it is cut: less than its columns take. */
const CUT_AFTER = 20;

/** Listens on a free loopback port; `ran` is called with each text as it reaches the server. */
export async function startSpy(
  serverPort: number,
  ran: (text: string) => Interference,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const listener = createServer((connector) => {
    const server = dial(serverPort, '127.0.0.1');
    for (const socket of [connector, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        connector.destroy();
        server.destroy();
      });
    }
    carry(connector, server, ran);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    async close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
      if (listener.listening) await once(listener, 'close');
    },
  };
}

function carry(connector: Socket, server: Socket, ran: (text: string) => Interference): void {
  let interference: Interference = 'none';
  const texts = new TextsToRun((text) => {
    const wanted = ran(text);
    if (wanted === 'replace') connector.end('SSH-2.0-not-what-you-think harmless\r\n');
    if (wanted !== 'none') interference = wanted;
  });
  connector.on('data', (chunk: Buffer) => {
    texts.push(chunk);
    server.write(chunk);
  });
  server.on('data', (chunk: Buffer) => {
    if (interference === 'none') connector.write(chunk);
    if (interference === 'interrupt') connector.end(chunk.subarray(0, CUT_AFTER));
    if (interference !== 'none') server.destroy();
  });
}

/** Follows a frontend's messages (PostgreSQL 18 documentation, 54.7) as far as it takes to know what is run. */
class TextsToRun {
  readonly #run: (text: string) => void;
  readonly #frames = new FrameReader(2 ** 24);
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  /** The start-up packet, which has no type byte, until it is whole. */
  #startup: Buffer | null = Buffer.alloc(0);

  constructor(run: (text: string) => void) {
    this.#run = run;
  }

  push(chunk: Buffer): void {
    if (this.#startup === null) return this.#frames.push(chunk, this.#message);
    const bytes = Buffer.concat([this.#startup, chunk]);
    const length = bytes.length < 4 ? Number.POSITIVE_INFINITY : bytes.readInt32BE();
    this.#startup = bytes.length < length ? bytes : null;
    if (this.#startup === null) this.#frames.push(bytes.subarray(length), this.#message);
  }

  readonly #message = (type: number, bytes: Buffer, start: number, end: number): void => {
    const body = new BodyReader(bytes, start, end);
    if (type === FrontendType.Query) this.#run(body.string());
    if (type === FrontendType.Parse) this.#statements.set(body.string(), body.string());
    if (type === FrontendType.Bind)
      this.#portals.set(body.string(), this.#statements.get(body.string()) ?? '');
    if (type === FrontendType.Execute) this.#run(this.#portals.get(body.string()) ?? '');
  };
}
