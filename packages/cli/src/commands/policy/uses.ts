import type { Explanation } from '@sallyport/gateway';
import type { Use } from './cedar-text.ts';

/** An evaluation as something a policy can permit. `object` is how policies name its resource. */
export function useOf(object: string, { action, resource, facts }: Explanation['evaluation']): Use {
  return {
    action,
    type: resource.type,
    object,
    columns: facts?.columns ?? null,
    via: facts?.via ?? [],
    roles: facts?.roles ?? null,
  };
}
