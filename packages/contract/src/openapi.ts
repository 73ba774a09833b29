import { z } from 'zod';
import {
  accessDecisionSchema,
  accessRequestSchema,
  grantSchema,
  reviewSchema,
  shownSchema,
} from './approval-schemas.ts';
import { problemsOf, type Route } from './route.ts';
import { type RouteName, routeTable } from './routes.ts';
import { exportStatusSchema, problemSchema, sessionSchema } from './schemas.ts';
import { auditOperationSchema, auditSessionSchema } from './search-schemas.ts';

type Json = Record<string, unknown>;

/** Schemas that more than one answer holds, by the name they have in the document. */
const shared = {
  AccessDecision: accessDecisionSchema,
  AccessRequest: accessRequestSchema,
  AuditOperation: auditOperationSchema,
  AuditSession: auditSessionSchema,
  ExportStatus: exportStatusSchema,
  Grant: grantSchema,
  Problem: problemSchema,
  Review: reviewSchema,
  Session: sessionSchema,
  Shown: shownSchema,
};

/** The control plane as an OpenAPI 3.1 document, from the table of routes. The same bytes every time. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(routeTable) as [RouteName, Route][]) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(name, route) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Sallyport control plane',
      version: '1',
      description:
        'Access requests, sessions, recordings and the audit log. What each caller may do is decided by Cedar policies; see docs/control-plane.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ accessToken: [] }],
    paths,
    components: {
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
      responses: { Problem: PROBLEM },
      schemas: components(),
    },
  };
}

function operationOf(name: RouteName, route: Route): Json {
  const anyone = route.action === null;
  return {
    operationId: name,
    summary: route.summary,
    ...(anyone ? { security: [] } : { 'x-cedar-action': route.action }),
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...(route.mutates ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(route.signedForm === true ? { requestBody: SIGNED_FORM } : {}),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: inline(route.body, 'input') } },
          },
        }),
    responses: responsesOf(route),
  };
}

const SIGNED_FORM = {
  required: true,
  content: {
    'application/x-www-form-urlencoded': {
      schema: { type: 'object', required: ['payload'], properties: { payload: { type: 'string' } } },
    },
  },
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Sending the same request again with the same key gives the first answer again.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function parametersOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, one]) => {
    const { description, ...rest } = inline(one as z.ZodType, 'input');
    // A flag is written as a word in a URL: that it may also be a boolean is for the client.
    const isFlag = Array.isArray(rest.anyOf) && rest.anyOf.some(({ type }: Json) => type === 'boolean');
    return {
      name,
      in: place,
      required: place === 'path',
      ...(description === undefined ? {} : { description }),
      schema: isFlag ? { type: 'boolean' } : rest,
    };
  });
}

function responsesOf(route: Route): Json {
  const type = route.answerType ?? 'application/json';
  const content = { [type]: { schema: inline(route.answer, 'output') } };
  const problems = problemsOf(route).map((status) => [status, { $ref: '#/components/responses/Problem' }]);
  const others = (route.alsoAnswers ?? []).map((status) => [
    status,
    { description: 'The same, negative.', content },
  ]);
  return { 200: { description: 'Done.', content }, ...Object.fromEntries([...problems, ...others]) };
}

const PROBLEM = {
  description: 'Refused, or failed: RFC 9457. `code` says why, from a closed list.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** A schema with the shared ones it holds as references. */
function inline(schema: z.ZodType, io: 'input' | 'output'): Json {
  const {
    $schema: _,
    $defs: __,
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    metadata: names(),
    reused: 'inline',
  }) as Json;
  return pointed(rest) as Json;
}

/** References of one schema by itself, as references within the document. */
function pointed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      // The largest number JavaScript counts exactly says nothing of the API.
      .filter(
        ([key, one]) =>
          !((key === 'maximum' || key === 'minimum') && Math.abs(Number(one)) === Number.MAX_SAFE_INTEGER),
      )
      .filter(([key]) => key !== 'id' || typeof (value as Json).id !== 'string')
      .map(([key, one]) => [
        key,
        key === '$ref' && typeof one === 'string'
          ? one.replace('#/$defs/', '#/components/schemas/')
          : pointed(one),
      ]),
  );
}

function components(): Json {
  const { schemas } = z.toJSONSchema(names(), {
    io: 'output',
    target: 'draft-2020-12',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $schema: _, $id: __, ...rest } = schema as Json;
      return [id, pointed(rest)];
    }),
  );
}

function names() {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(shared)) registry.add(schema, { id });
  return registry;
}
