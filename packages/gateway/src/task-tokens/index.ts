export {
  createExchange,
  type ExchangeAnswer,
  type ExchangeDependencies,
  ExchangeRefused,
  type TokenExchange,
} from './exchange.ts';
export { type Budget, createLedger, type Ledger, type UsedUp } from './ledger.ts';
export { includesAction } from './narrow.ts';
