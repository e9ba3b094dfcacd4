/** A sign-in of a browser. */
export interface Session {
  id: string;
  created_at: string;
  expires_at: string;
  last_seen_at?: string | null;
  /** Words such as "Chrome on Linux". */
  user_agent?: string | null;
  current: boolean;
  /** The key's name or the token's subject. */
  name?: string | null;
}

export interface SessionPage {
  items: Session[];
  next_cursor?: string | null;
}

type Answer<T> = { content: { 'application/json': T } };
type Nothing = { content?: never };
interface Never {
  query?: never;
  header?: never;
  path?: never;
  cookie?: never;
}

/** The operations of `/v1/sessions`, until the OpenAPI document has them. */
export interface SessionPaths {
  '/v1/sessions': {
    parameters: Never;
    get: {
      parameters: { query?: { cursor?: string; limit?: number; all?: boolean } };
      responses: { 200: Answer<SessionPage> };
    };
    post: {
      parameters: Never;
      requestBody: { content: { 'application/json': { key: string } | { code: string } | { token: string } } };
      responses: { 201: Answer<Session> };
    };
  };
  '/v1/sessions/{id}': {
    parameters: Never & { path: { id: string } };
    delete: { parameters: { path: { id: string } }; responses: { 204: Nothing } };
  };
}
