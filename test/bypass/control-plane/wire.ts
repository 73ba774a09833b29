/** Bytes as they are, to and from the control plane: what no well-behaved client would send. */
import { connect } from 'node:net';

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Everything that came, for conversations of more than one answer. */
  readonly whole: string;
}

/** Sends bytes and reads until the other side closes, or until `ms` passed without a word. */
export function wire(address: string, bytes: string | Buffer, ms = 5_000): Promise<WireAnswer> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setTimeout(ms, () => socket.destroy());
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (chunks.length === 0 && error.code !== 'ECONNRESET') reject(error);
    });
    socket.on('close', () => resolve(read(Buffer.concat(chunks).toString('latin1'))));
  });
}

function read(whole: string): WireAnswer {
  const [head = '', ...rest] = whole.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n'), whole };
}

/** How many answers a conversation holds. */
export function answersIn({ whole }: WireAnswer): number {
  return [...whole.matchAll(/HTTP\/1\.1 \d{3} /g)].length;
}
