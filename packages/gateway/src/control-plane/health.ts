import type { RoomHealth } from '@sallyport/contract';
import { Answer, type Handlers } from './serve-routes.ts';

interface HealthDependencies {
  health(): Promise<RoomHealth['checks']>;
  metrics(): string;
}

/** Whether it is alive and can serve. Why it cannot is for those who may know: it names what the gateway depends on. */
export function healthHandlers(
  deps: HealthDependencies,
): Pick<Handlers, 'health' | 'ready' | 'roomHealth' | 'metrics'> {
  const statusOf = (checks: RoomHealth['checks']) =>
    checks.every(({ ok }) => ok) ? ('ready' as const) : ('not-ready' as const);
  return {
    health: () => ({ status: 'ok' as const }),
    async ready() {
      const status = statusOf(await deps.health());
      return new Answer(status === 'ready' ? 200 : 503, { status });
    },
    async roomHealth() {
      const checks = await deps.health();
      return { status: statusOf(checks), checks };
    },
    metrics: () => deps.metrics(),
  };
}
