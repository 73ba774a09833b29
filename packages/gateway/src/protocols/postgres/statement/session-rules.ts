/** Rules for statements about the session: settings, transactions, prepared statements, cursors, COPY, notifications. */
import { copyMeaning } from './copy.ts';
import type { RangeVar } from './draft-builder.ts';
import { setSetting, settingValue } from './expression-rules.ts';
import { isPinned } from './settings.ts';
import { as, type Body, bare, constantSetting, isBody, list, names, text, untag } from './tree.ts';
import type { Rule, Scope, Walker } from './walk.ts';

export const sessionRules: Readonly<Record<string, Rule>> = {
  VariableSetStmt: set,
  VariableShowStmt: (walker, body) => {
    const name = text(body, 'name').toLowerCase();
    walker.draft.fixed('show', 'Setting', name === 'all' ? '*' : name);
  },
  DiscardStmt: (walker, body) => {
    if (text(body, 'target') === 'DISCARD_ALL')
      walker.draft.cannotTell('DISCARD ALL resets settings that are pinned');
    walker.draft.fixed('transact', 'Database');
  },
  TransactionStmt: (walker, body) => {
    const twoPhase = /_(PREPARE|COMMIT_PREPARED|ROLLBACK_PREPARED)$/.test(text(body, 'kind'));
    walker.draft.fixed(twoPhase ? 'two_phase' : 'transact', 'Database');
    transactionModes(walker, body.options);
  },
  ConstraintsSetStmt: (walker) => walker.draft.fixed('transact', 'Database'),
  PrepareStmt: (walker, body, scope) => {
    walker.draft.effect({ kind: 'prepare', name: text(body, 'name') });
    walker.children('PrepareStmt', body, scope);
  },
  ExecuteStmt: (walker, body, scope) => {
    walker.draft.runs('prepared', text(body, 'name'));
    walker.children('ExecuteStmt', body, scope);
  },
  DeallocateStmt: (walker, body) => {
    const name = text(body, 'name');
    walker.draft.fixed('transact', 'Database');
    walker.draft.effect({ kind: 'deallocate', name: body.isall === true || name === '' ? null : name });
  },
  DeclareCursorStmt: (walker, body, scope) => {
    walker.draft.effect({ kind: 'cursor', name: text(body, 'portalname') });
    walker.children('DeclareCursorStmt', body, scope);
  },
  FetchStmt: (walker, body) => walker.draft.runs('cursor', text(body, 'portalname')),
  ClosePortalStmt: (walker, body) => {
    const name = text(body, 'portalname');
    if (name !== '') walker.draft.runs('cursor', name);
    walker.draft.fixed('transact', 'Database');
    walker.draft.effect({ kind: 'close', name: name === '' ? null : name });
  },
  ExplainStmt: (walker, body, scope) => {
    walker.answering = false;
    walker.children('ExplainStmt', body, scope, ['options']);
  },
  CallStmt: (walker, body, scope) => {
    walker.answering = false;
    walker.visitAs('FuncCall', bare(body, 'funccall'), scope);
  },
  DoStmt: block,
  LoadStmt: (walker, body) => {
    walker.draft.fixed('load_code', 'Extension', text(body, 'filename') || '*');
    walker.draft.fixed('server_file', 'File', text(body, 'filename') || '*');
  },
  ListenStmt: (walker, body) => walker.draft.fixed('listen', 'Channel', text(body, 'conditionname')),
  UnlistenStmt: (walker, body) => walker.draft.fixed('listen', 'Channel', text(body, 'conditionname') || '*'),
  NotifyStmt: (walker, body) => walker.draft.fixed('notify', 'Channel', text(body, 'conditionname')),
  CopyStmt: copy,
};

/** A DO block does what its code does; in another language than PL/pgSQL, that cannot be told. */
function block(walker: Walker, body: Body): void {
  const { draft } = walker;
  draft.fixed('run_block', 'Database');
  let code: string | undefined;
  let language = 'plpgsql';
  for (const item of list(body.args)) {
    const option = as('DefElem', item) ?? {};
    const name = text(option, 'defname');
    if (name === 'as') code = constantSetting(option.arg);
    else if (name === 'language') language = constantSetting(option.arg) ?? '';
  }
  if (code !== undefined && language === 'plpgsql') walker.block(code);
  else draft.opaqueBlock ??= `what a DO block in ${language} does cannot be told`;
}

function set(walker: Walker, body: Body): void {
  const name = text(body, 'name').toLowerCase();
  switch (text(body, 'kind')) {
    case 'VAR_SET_VALUE': {
      const path = list(body.args).map((arg) => constantSetting(arg));
      const plain = path.every((schema) => schema !== undefined) ? path : null;
      setSetting(walker, name, settingValue(body.args), plain);
      return;
    }
    case 'VAR_SET_MULTI':
      setMany(walker, body, name);
      return;
    case 'VAR_SET_DEFAULT':
    case 'VAR_RESET':
      // The session's first search_path is among those tracked from the start.
      if (isPinned(name)) walker.draft.cannotTell(`${name} is pinned for the session and cannot be reset`);
      else if (name === 'role' || name === 'session_authorization')
        walker.draft.fixed('set_role', 'Role', '*');
      else walker.draft.fixed('set', 'Setting', name);
      return;
    case 'VAR_RESET_ALL':
      walker.draft.fixed('set', 'Setting', '*');
      walker.draft.cannotTell('RESET ALL resets settings that are pinned: reset them by name');
      return;
    default:
      walker.draft.cannotTell(`this form of SET ${name} is not understood`);
  }
}

/** READ WRITE, said or asked for with 0, undoes a read-only default for one transaction. */
function transactionModes(walker: Walker, modes: unknown): void {
  for (const item of list(modes)) {
    const mode = as('DefElem', item) ?? {};
    if (text(mode, 'defname') !== 'transaction_read_only') continue;
    if (constantSetting(mode.arg) !== '1') walker.draft.fixed('transact_writable', 'Database');
  }
}

/** SET TRANSACTION and SET SESSION CHARACTERISTICS: what may be written is decided statement by statement. */
function setMany(walker: Walker, body: Body, name: string): void {
  if (name === 'transaction') {
    walker.draft.fixed('transact', 'Database');
    transactionModes(walker, body.args);
  } else if (name === 'transaction snapshot') walker.draft.fixed('transact', 'Database');
  else if (name === 'session characteristics') {
    for (const item of list(body.args)) {
      const option = as('DefElem', item) ?? {};
      setSetting(walker, `default_${text(option, 'defname')}`, constantSetting(option.arg), null);
    }
  } else walker.draft.cannotTell(`this form of SET ${name} is not understood`);
}

function copy(walker: Walker, body: Body, scope: Scope): void {
  const { draft } = walker;
  const incoming = body.is_from === true;
  const file = text(body, 'filename');
  if (body.is_program === true) draft.fixed('program', 'Program', '*');
  else if (file !== '') draft.fixed('server_file', 'File', file);
  const relation = isBody(body.relation) ? (body.relation as RangeVar) : null;
  const columns = Array.isArray(body.attlist) ? names(body.attlist) : null;
  for (const column of columns ?? []) draft.columnNames.add(column);
  if (relation !== null && columns === null) draft.anyColumn = true;
  if (relation !== null && incoming) {
    draft.relation('insert', relation);
    draft.relation('copy_in', relation);
  } else if (relation !== null) draft.relation('select', relation);
  walker.answering = false;
  walker.visit(body.query, scope);
  walker.visit(body.whereClause, scope);
  if (relation === null && untag(body.query) === null) draft.cannotTell('COPY of nothing is not understood');
  if (body.is_program === true || file !== '') return;
  const options = copyMeaning(body, incoming, relation, columns);
  if (options === null) draft.cannotTell('an option of COPY is not understood');
  else draft.copy = options;
}
