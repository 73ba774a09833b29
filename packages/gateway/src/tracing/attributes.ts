import type { Session } from '../data-path/index.ts';
import type { Denial } from '../protocols/protocol.ts';
import type { Attributes } from './span.ts';

/** What every span of a session says of it. */
export function attributesOf(session: Session, identities: boolean): Attributes {
  const { id, target, context, identity, house } = session;
  return {
    'sallyport.protocol': context.protocol,
    'sallyport.target': target,
    'sallyport.session.id': id,
    'sallyport.policy.version': house.decisionPoint.version,
    ...(identities ? { 'sallyport.subject': identity.subject } : {}),
    ...(identities && identity.actor !== null ? { 'sallyport.actor': identity.actor } : {}),
  };
}

/** A reason is for the client: it may name what was asked. Its code is one of ours. */
export function effectOf(denial: Denial | null): Attributes {
  if (denial === null) return { 'sallyport.effect': 'permit' };
  const { evaluationId, code, accessRequest } = denial;
  return {
    'sallyport.effect': 'deny',
    'sallyport.denial.code': code,
    'sallyport.evaluation.id': evaluationId,
    ...(accessRequest === undefined ? {} : { 'sallyport.request.id': accessRequest.id }),
  };
}
