import type { ConnectorFaultCode } from '../fault.ts';
import { LoginRefused } from './login-plan.ts';
import { ScramError, type ScramProblem } from './scram.ts';

/** The server's own text is not passed on: a hostile server would put there what it was sent. */
export function refusedBy(sqlstate: string): never {
  const [code, meaning] = REFUSALS[sqlstate] ?? ['login-refused', 'look for the reason in its log'];
  throw new LoginRefused(code, `it refused the login with SQLSTATE ${sqlstate}: ${meaning}`);
}

const REFUSALS: Readonly<Record<string, readonly [ConnectorFaultCode, string]>> = {
  '28P01': ['login-refused', 'the password is wrong; check the credential of this target'],
  '28000': [
    'login-refused',
    'its pg_hba.conf does not let this role in; check the role, TLS mode and certificate',
  ],
  '3D000': ['no-such-facet', 'there is no database of this name; check the name the client asked for'],
  '42501': ['login-refused', 'the role may not connect to this database; grant CONNECT to it'],
  '53300': ['target-busy', 'it takes no more connections; close some, or raise max_connections'],
  '57P01': ['target-busy', 'it is shutting down; try again'],
  '57P03': ['target-busy', 'it is starting or shutting down; try again'],
};

const SCRAM_CODES: Readonly<Record<ScramProblem, ConnectorFaultCode>> = {
  malformed: 'protocol-violation',
  nonce: 'target-unproven',
  iterations: 'limit-exceeded',
  signature: 'target-unproven',
  refused: 'login-refused',
};

/** Runs a step of the login; a SCRAM exchange that must not go on ends it. */
export function scramProblemsRefused<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ScramError)) throw error;
    const advice =
      error.problem === 'signature' || error.problem === 'nonce'
        ? '; something else may be answering in its place'
        : '';
    throw new LoginRefused(SCRAM_CODES[error.problem], error.message + advice);
  }
}
