/**
 * Logging in to PostgreSQL: state × message → state, bytes to send. Pure; `open.ts` does the I/O.
 *
 *   asking ──ok──────────────────────────────────────────► starting ──ready──► ready
 *     ├──cleartext, md5──► answered ──ok─────────────────────▲
 *     └──sasl──► challenged ──continue──► deriving ──(key)──► proving ──final──► answered
 *
 * Whatever a row does not name is a protocol violation. An error message of the server ends every state.
 */
import { createHash } from 'node:crypto';
import {
  type BackendKey,
  type LoginMessage,
  PROTOCOL_VERSION,
  passwordMessage,
  saslInitialResponse,
  saslResponse,
} from './login-messages.ts';
import { type LoginPlan, LoginRefused } from './login-plan.ts';
import { refusedBy, scramProblemsRefused } from './login-refusals.ts';
import {
  type Binding,
  checkServerFinal,
  prove,
  readChallenge,
  type ScramChallenge,
  type ScramStart,
  startScram,
} from './scram.ts';

export type LoginState =
  /** The start-up message was sent. */
  | { readonly name: 'asking' }
  /** The first SCRAM message was sent. */
  | { readonly name: 'challenged'; readonly start: ScramStart; readonly bound: boolean }
  /** The password is being salted; `derived()` goes on. */
  | { readonly name: 'deriving'; readonly challenge: ScramChallenge; readonly bound: boolean }
  /** The proof was sent, and the server must now prove itself. */
  | { readonly name: 'proving'; readonly serverSignature: Buffer; readonly bound: boolean }
  /** Everything was answered; only AuthenticationOk may follow. */
  | { readonly name: 'answered'; readonly bound: boolean }
  /** Logged in; the server reports its settings. */
  | {
      readonly name: 'starting';
      readonly facts: ReadonlyMap<string, string>;
      readonly key: BackendKey | null;
    }
  | { readonly name: 'ready'; readonly facts: ReadonlyMap<string, string>; readonly key: BackendKey | null };

export interface Step {
  readonly state: LoginState;
  readonly send: Buffer | null;
}

type StateName = LoginState['name'];
type MessageKind = LoginMessage['kind'];
type StateOf<N extends StateName> = Extract<LoginState, { name: N }>;
type MessageOf<K extends MessageKind> = Extract<LoginMessage, { kind: K }>;
type Row<N extends StateName> = {
  readonly [K in MessageKind]: (plan: LoginPlan, state: StateOf<N>, message: MessageOf<K>) => Step;
};

export const LOGIN_START: LoginState = { name: 'asking' };

/** One message of the server. Throws LoginRefused when the login must end. */
export function step(plan: LoginPlan, state: LoginState, message: LoginMessage): Step {
  const transition = table[state.name][message.kind] as (
    plan: LoginPlan,
    state: LoginState,
    message: LoginMessage,
  ) => Step;
  return scramProblemsRefused(() => transition(plan, state, message));
}

/** The salted password is there: sends the proof. */
export function derived(state: StateOf<'deriving'>, saltedPassword: Buffer): Step {
  const proof = prove(state.challenge, saltedPassword);
  const next = { name: 'proving', serverSignature: proof.serverSignature, bound: state.bound } as const;
  return { state: next, send: saslResponse(proof.clientFinal) };
}

const unexpected = (_plan: LoginPlan, state: LoginState, message: LoginMessage): Step => {
  const what =
    message.kind === 'other' ? `a message of type ${message.type}` : `the message "${message.kind}"`;
  throw new LoginRefused(
    'protocol-violation',
    `it sent ${what} in the login state "${state.name}"; is it PostgreSQL?`,
  );
};
const stay = (_plan: LoginPlan, state: LoginState): Step => ({ state, send: null });

const everyRow = {
  ok: unexpected,
  cleartext: unexpected,
  md5: unexpected,
  sasl: unexpected,
  'sasl-continue': unexpected,
  'sasl-final': unexpected,
  unsupported: unexpected,
  error: (_plan: LoginPlan, _state: LoginState, message: MessageOf<'error'>): Step =>
    refusedBy(message.sqlstate),
  notice: stay,
  version: unexpected,
  parameter: unexpected,
  key: unexpected,
  ready: unexpected,
  other: unexpected,
} as const;

const table: { readonly [N in StateName]: Row<N> } = {
  asking: {
    ...everyRow,
    ok: (plan) => accepted(plan, false),
    cleartext: sendCleartext,
    md5: sendMd5,
    sasl: chooseMechanism,
    unsupported: wantsUnsupported,
    version: checkVersion,
  },
  challenged: { ...everyRow, 'sasl-continue': readServerFirst },
  deriving: everyRow,
  proving: { ...everyRow, 'sasl-final': readServerFinal },
  answered: { ...everyRow, ok: (plan, state) => accepted(plan, state.bound) },
  starting: { ...everyRow, parameter: addFact, key: holdKey, ready: finish },
  ready: { ...everyRow, error: unexpected, notice: unexpected },
};

function accepted(plan: LoginPlan, bound: boolean): Step {
  refuseUnbound(plan, bound);
  return { state: { name: 'starting', facts: new Map(), key: null }, send: null };
}

function sendCleartext(plan: LoginPlan): Step {
  refuseUnbound(plan, false);
  if (!plan.cleartextAllowed) {
    throw new LoginRefused(
      'authentication-insecure',
      'it asks for the password in clear, on a connection that does not prove who answers; ' +
        'use tls.mode verify-full, or scram-sha-256 at the server (or set allow_cleartext_password)',
    );
  }
  return { state: { name: 'answered', bound: false }, send: passwordMessage(needPassword(plan)) };
}

function sendMd5(plan: LoginPlan, _state: LoginState, message: MessageOf<'md5'>): Step {
  refuseUnbound(plan, false);
  const inner = md5(Buffer.from(needPassword(plan) + plan.user));
  const outer = md5(Buffer.concat([Buffer.from(inner), message.salt]));
  return { state: { name: 'answered', bound: false }, send: passwordMessage(`md5${outer}`) };
}

function chooseMechanism(plan: LoginPlan, _state: LoginState, message: MessageOf<'sasl'>): Step {
  needPassword(plan);
  const offersPlus = message.mechanisms.includes('SCRAM-SHA-256-PLUS');
  const hash = plan.channelBinding === 'disable' ? null : plan.certificateHash;
  const bound = offersPlus && hash !== null;
  refuseUnbound(plan, bound);
  if (!bound && !message.mechanisms.includes('SCRAM-SHA-256')) {
    throw new LoginRefused(
      'authentication-unsupported',
      'it offers no SASL mechanism that the connector has (SCRAM-SHA-256, and SCRAM-SHA-256-PLUS over TLS); use scram-sha-256 at the server',
    );
  }
  const possible: Binding = hash !== null && !offersPlus ? { kind: 'possible' } : { kind: 'none' };
  const { start, clientFirst } = startScram(plan.nonce, bound ? { kind: 'bound', hash } : possible);
  const send = saslInitialResponse(bound ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256', clientFirst);
  return { state: { name: 'challenged', start, bound }, send };
}

function readServerFirst(
  plan: LoginPlan,
  state: StateOf<'challenged'>,
  message: MessageOf<'sasl-continue'>,
): Step {
  const { leastIterations, mostIterations } = plan;
  const challenge = readChallenge(state.start, message.text, leastIterations, mostIterations);
  return { state: { name: 'deriving', challenge, bound: state.bound }, send: null };
}

function readServerFinal(
  _plan: LoginPlan,
  state: StateOf<'proving'>,
  message: MessageOf<'sasl-final'>,
): Step {
  checkServerFinal(message.text, state.serverSignature);
  return { state: { name: 'answered', bound: state.bound }, send: null };
}

function wantsUnsupported(_plan: LoginPlan, _state: LoginState, message: MessageOf<'unsupported'>): Step {
  throw new LoginRefused(
    'authentication-unsupported',
    `it wants authentication method ${message.method}, which the connector does not have; use scram-sha-256 or cert at the server`,
  );
}

/** We ask for 3.0 and no options, so the only answer that makes sense is 3.0 and none unknown. */
function checkVersion(_plan: LoginPlan, state: LoginState, message: MessageOf<'version'>): Step {
  if (message.newest === PROTOCOL_VERSION && message.unknownOptions === 0) return { state, send: null };
  throw new LoginRefused(
    'protocol-violation',
    'it wants another protocol version than 3.0; is it PostgreSQL?',
  );
}

function addFact(_plan: LoginPlan, state: StateOf<'starting'>, message: MessageOf<'parameter'>): Step {
  // The gateway parses statements as UTF-8: another encoding would make the server read them differently.
  if (message.name === 'client_encoding' && message.value !== 'UTF8') {
    throw new LoginRefused(
      'protocol-violation',
      'it does not use client_encoding UTF8 although it was asked to',
    );
  }
  const facts = new Map(state.facts).set(message.name, message.value);
  return { state: { ...state, facts }, send: null };
}

function holdKey(_plan: LoginPlan, state: StateOf<'starting'>, message: MessageOf<'key'>): Step {
  return { state: { ...state, key: message.key }, send: null };
}

const IDLE = 0x49;

function finish(plan: LoginPlan, state: StateOf<'starting'>, message: MessageOf<'ready'>): Step {
  if (message.status !== IDLE) return unexpected(plan, state, message);
  return { state: { name: 'ready', facts: state.facts, key: state.key }, send: null };
}

function refuseUnbound(plan: LoginPlan, bound: boolean): void {
  if (bound || plan.channelBinding !== 'require') return;
  throw new LoginRefused(
    'authentication-insecure',
    'channel_binding is "require" and it does not log in with SCRAM-SHA-256-PLUS; turn on TLS and scram-sha-256 at the server',
  );
}

function needPassword(plan: LoginPlan): string {
  if (plan.password !== null) return plan.password;
  throw new LoginRefused(
    'credential-unavailable',
    'it asks for a password and none is configured; set credential.password_file',
  );
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
