export { finishCopy, maskCopyData } from './copy-messages.ts';
export { type CopyPlan, compileCopyPlan } from './copy-plan.ts';
export { maskErrorFields, maskNotification } from './error-fields.ts';
export type { ColumnOrigins, OriginRelation } from './hidden-columns.ts';
export { type MaskedRows, maskRows } from './mask-rows.ts';
export type { CopyScope, ReplyScope } from './reply-scope.ts';
export { compileRowPlan, type RowPlan } from './row-plan.ts';
export { SinkMemory } from './sink.ts';
