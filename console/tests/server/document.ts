import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Operation {
  parameters?: { name: string; in: string; schema?: unknown }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { content?: Record<string, { schema: unknown }> }>;
}

const document = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
};

const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
addFormats.default(ajv);
ajv.addSchema(document, 'openapi');
const compiled = new Map<string, ValidateFunction>();

/** Finds the operation of a request in the OpenAPI document. */
export function operationOf(method: string, path: string): { template: string; operation: Operation } | null {
  const parts = path.split('/');
  for (const [template, methods] of Object.entries(document.paths)) {
    const wanted = template.split('/');
    const operation = methods[method.toLowerCase()];
    if (operation && wanted.length === parts.length && wanted.every((part, at) => part.startsWith('{') || part === parts[at])) {
      return { template, operation };
    }
  }
  return null;
}

/** What a value breaks of a schema of the document; `null` if it is as it should be. */
function faults(pointer: string, schema: unknown, value: unknown): string | null {
  let validate = compiled.get(pointer);
  if (validate === undefined) {
    // The document's references are relative to itself.
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components'));
    validate = ajv.compile(absolute);
    compiled.set(pointer, validate);
  }
  return validate(value) ? null : ajv.errorsText(validate.errors, { dataVar: pointer });
}

/** Checks a request as the API does: no unknown parameter, a body of the documented shape. */
export function requestFaults(method: string, url: URL, body: unknown): string | null {
  const found = operationOf(method, url.pathname);
  if (found === null) return `${method} ${url.pathname} is not in the document`;
  const { template, operation } = found;
  const known = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) return `${method} ${template} takes no parameter ${unknown}`;
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  if (schema === undefined || body === undefined) return null;
  return faults(`${method} ${template} body`, schema, body);
}

/** Checks an answer of the test's server, so that the screens are tested with what the API can say. */
export function answerFaults(method: string, path: string, status: number, body: unknown): string | null {
  const found = operationOf(method, path);
  if (found === null) return null;
  const { template, operation } = found;
  const answer = operation.responses[String(status)];
  if (answer === undefined) return `${method} ${template} has no answer ${status}`;
  const schema = answer.content?.['application/json']?.schema ?? answer.content?.['application/problem+json']?.schema;
  return schema === undefined || body === undefined ? null : faults(`${method} ${template} ${status}`, schema, body);
}
