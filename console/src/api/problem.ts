import type { FieldError } from './types';

/** Why a request has failed: what the API said, or that it could not be reached (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly errors: FieldError[];
  readonly requestId: string | null;
  /** Seconds after which the API asks to try again. */
  readonly retryAfter: number | null;

  constructor(fields: {
    status: number;
    title?: string;
    detail: string;
    errors?: FieldError[];
    requestId?: string | null;
    retryAfter?: number | null;
  }) {
    super(fields.detail);
    this.name = 'Problem';
    this.status = fields.status;
    this.title = fields.title ?? '';
    this.errors = fields.errors ?? [];
    this.requestId = fields.requestId ?? null;
    this.retryAfter = fields.retryAfter ?? null;
  }

  /** The first error of the field at `pointer`, or of anything inside it. */
  at(pointer: string): string | undefined {
    return this.errors.find((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`))?.detail;
  }

  /** Whether the same request may succeed a moment later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Reads what an error answer says. Answers of gateways are not `application/problem+json`. */
export function problemOf(response: Response, body: unknown): Problem {
  const fields = isRecord(body) ? body : {};
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Problem({
    status: response.status,
    title: typeof fields.title === 'string' ? fields.title : response.statusText,
    detail: typeof fields.detail === 'string' ? fields.detail : typeof fields.message === 'string' ? fields.message : '',
    errors: Array.isArray(fields.errors) ? fields.errors.filter(isFieldError) : [],
    requestId: response.headers.get('x-request-id'),
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : null,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value.pointer === 'string' && typeof value.detail === 'string';
}
