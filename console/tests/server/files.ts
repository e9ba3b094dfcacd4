import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32, deflateSync } from 'node:zlib';
import type { StoredFile } from '../../src/api/files';
import { DOMAIN, hex, linkOf } from './data.ts';
import { type Answered, ok, page, problem, type Route } from './routes.ts';
import type { State } from './state.ts';

const DAY = 86_400_000;
export const PART_BYTES = 1024 * 1024;
const SIGNED_MILLISECONDS = 900_000;

export const fileId = (number: number): string => `fil_0199${hex(number).slice(4)}`;
export const targetOf = (id: string): string => `https://files.invalid/${id}`;

/** A file of the workspace with what the bucket has of it. */
export interface KeptFile {
  file: StoredFile;
  /** The whole, or the parts by their number; empty until they are sent. */
  whole: Buffer | null;
  parts: Map<number, Buffer>;
}

/** The bucket as tests want it to behave. */
export class Bucket {
  files: KeptFile[];
  /** Numbers of parts that stay unanswered until they are let go; 0 stands for files that are sent as a whole. */
  held = new Set<number>();
  /** Answers of the next requests that send something, instead of taking it; 0 cuts the connection. */
  faults: number[] = [];
  /** The numbers of the parts that were taken, in their order. */
  taken: number[] = [];
  /** How many requests wait now. */
  waiting = 0;

  constructor(now: number) {
    this.files = sampleFiles(now);
  }

  find(id: string | undefined): KeptFile | undefined {
    return this.files.find(({ file }) => file.id === id);
  }

  /** The bytes of a file, as far as they are there. */
  bytesOf(id: string): Buffer {
    const kept = this.find(id);
    if (kept === undefined) return Buffer.alloc(0);
    return kept.whole ?? Buffer.concat([...kept.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }
}

function fileOf(number: number, fields: Partial<StoredFile>): StoredFile {
  const id = fileId(number);
  return {
    id,
    status: 'ready',
    name: 'file.bin',
    size: 0,
    content_type: 'application/octet-stream',
    sha256: null,
    crc64nvme: null,
    parts: null,
    target: targetOf(id),
    url: null,
    created_by: 'key_0199b0c67e4570008000000000000005',
    created_at: new Date(0).toISOString(),
    completed_at: null,
    expires_at: null,
    blocked_reason: null,
    detected: null,
    landing: false,
    collection: null,
    path: null,
    ...fields,
  } as StoredFile;
}

function sampleFiles(now: number): KeptFile[] {
  const at = (days: number) => ({
    created_at: new Date(now - days * DAY).toISOString(),
    completed_at: new Date(now - days * DAY).toISOString(),
  });
  const picture = gradient(640, 360);
  const film = { name: 'Launch film, final cut.mp4', size: 1_482_113_204, content_type: 'video/mp4', crc64nvme: 'AuUcyF784aU=', ...at(2) };
  const samples: [StoredFile, Buffer | null][] = [
    [fileOf(4, { name: 'poster.png', size: picture.length, content_type: 'image/png', sha256: sumOf(picture), ...at(0.1) }), picture],
    [fileOf(3, film), null],
    [fileOf(2, { name: 'Price list 2027.pdf', size: 418_203, content_type: 'application/pdf', ...at(6) }), null],
    [
      fileOf(1, {
        name: 'backup.tar.zst',
        size: 52_428_800,
        status: 'uploading',
        parts: { count: 50, size: PART_BYTES },
        ...at(0.5),
        completed_at: null,
      }),
      null,
    ],
  ];
  return samples.map(([file, whole]) => ({ file, whole, parts: new Map() }));
}

/** Links to the samples. */
export function linksToFiles(now: number) {
  return [
    linkOf({
      number: 9001,
      slug: 'poster',
      domain: DOMAIN,
      url: targetOf(fileId(4)),
      title: 'The poster',
      created_at: new Date(now - 40 * DAY).toISOString(),
    }),
    linkOf({
      number: 9002,
      slug: 'poster-press',
      url: targetOf(fileId(4)),
      max_clicks: 20,
      used_clicks: 3,
      has_password: true,
      expires_at: new Date(now + 50 * DAY).toISOString(),
      created_at: new Date(now - 41 * DAY).toISOString(),
    }),
  ];
}

const sumOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A picture without a library: PNG of one colour turning into another. */
function gradient(width: number, height: number): Buffer {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set([(x * 255) / width, 140, 200 - (y * 160) / height], y * (width * 3 + 1) + 1 + x * 3);
  }
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

let counter = 100;

const signed = (url: string, size: number, headers: Record<string, string> = {}) => ({
  method: 'PUT',
  url,
  headers: { 'content-length': String(size), ...headers },
  expires_at: new Date(Date.now() + SIGNED_MILLISECONDS).toISOString(),
});

function start(
  state: State,
  request: { name: string; size: number; content_type?: string; sha256?: string; in_parts?: boolean },
  origin: string,
): Answered {
  const { name, size, content_type, sha256, in_parts } = request;
  const file = fileOf(++counter, {
    status: 'uploading',
    name,
    size,
    content_type: content_type ?? 'application/octet-stream',
    sha256: sha256 ?? null,
    parts: in_parts ? { count: Math.ceil(size / PART_BYTES), size: PART_BYTES } : null,
    created_at: new Date().toISOString(),
  });
  state.bucket.files.unshift({ file, whole: null, parts: new Map() });
  const upload = in_parts ? null : signed(`${origin}/bucket/files/${file.id}`, size, { 'if-none-match': '*' });
  return ok({ ...file, upload, link: null }, 201, { location: `/v1/files/${file.id}` });
}

const forFile =
  (act: (kept: KeptFile, asked: Parameters<Route>[0]) => Answered): Route =>
  (asked, id) => {
    const kept = asked.state.bucket.find(id);
    return kept ? act(kept, asked) : problem(404, 'the workspace has no such file');
  };

export const FILE_ROUTES: [method: string, path: RegExp, least: 'viewer' | 'editor', route: Route][] = [
  [
    'GET',
    /^\/v1\/files$/,
    'viewer',
    ({ state, query }) =>
      ok(
        page(
          state.bucket.files.map(({ file }) => file),
          query,
        ),
      ),
  ],
  ['POST', /^\/v1\/files$/, 'editor', ({ state, body, origin }) => start(state, body, origin)],
  [
    'GET',
    /^\/v1\/files\/([^/]+)$/,
    'viewer',
    forFile(({ file }, { origin }) => ok({ ...file, url: file.status === 'ready' ? `${origin}/bucket/files/${file.id}` : null })),
  ],
  [
    'GET',
    /^\/v1\/files\/([^/]+)\/parts$/,
    'viewer',
    forFile(({ file, parts }, { query, origin }) => {
      if (file.parts === null || file.status !== 'uploading')
        return problem(409, 'the file is not uploaded in parts, or its upload has ended');
      const all = Array.from({ length: file.parts.count }, (_, at) => {
        const offset = at * PART_BYTES;
        const size = Math.min(PART_BYTES, file.size - offset);
        const upload = parts.has(at + 1) ? null : signed(`${origin}/bucket/files/${file.id}/${at + 1}`, size);
        return { number: at + 1, offset, size, upload };
      });
      return ok(page(all, query));
    }),
  ],
  [
    'POST',
    /^\/v1\/files\/([^/]+)\/completion$/,
    'editor',
    forFile((kept, { state }) => {
      const { file } = kept;
      if (state.bucket.bytesOf(file.id).length !== file.size) return problem(409, 'the bucket does not have all of the file yet');
      kept.file = { ...file, status: 'ready', parts: null, completed_at: new Date().toISOString() };
      return ok(kept.file);
    }),
  ],
  [
    'DELETE',
    /^\/v1\/files\/([^/]+)$/,
    'editor',
    forFile(({ file }, { state }) => {
      state.bucket.files = state.bucket.files.filter((one) => one.file.id !== file.id);
      return { status: 204 };
    }),
  ],
];

/** The bucket: takes what is sent with a signed request, and gives it back. */
export async function fileBucket(
  state: State,
  request: IncomingMessage,
  path: string,
  raw: Buffer,
  response: ServerResponse,
): Promise<void> {
  const { bucket } = state;
  const [id, part] = path.split('/');
  const kept = bucket.find(id);
  const refuse = (status: number, code: string) =>
    response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
  if (kept === undefined) return void refuse(404, part === undefined ? 'NoSuchKey' : 'NoSuchUpload');
  if (request.method !== 'PUT') return send(kept, bucket.bytesOf(kept.file.id), request, response);
  const fault = bucket.faults.shift();
  if (fault === 0) return void request.socket.destroy();
  if (fault !== undefined) return void refuse(fault, 'SlowDown');
  const number = Number(part ?? 0);
  if (bucket.held.has(number)) {
    bucket.waiting++;
    while (bucket.held.has(number) && !request.socket.destroyed) await new Promise((resolve) => setTimeout(resolve, 10));
    bucket.waiting--;
    if (request.socket.destroyed) return;
  }
  if (part === undefined) {
    if (kept.whole !== null) return void refuse(412, 'PreconditionFailed');
    if (kept.file.sha256 !== null && kept.file.sha256 !== sumOf(raw)) return void refuse(400, 'BadDigest');
    kept.whole = raw;
  } else kept.parts.set(number, raw);
  bucket.taken.push(number);
  response.writeHead(200, { etag: `"${sumOf(raw).slice(0, 32)}"` }).end();
}

/** Gives a file, or the range of it that a player asks for. */
function send({ file }: KeptFile, bytes: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const headers = { 'content-type': file.content_type, 'accept-ranges': 'bytes', 'content-disposition': 'inline' };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.writeHead(200, headers).end(bytes);
    return;
  }
  const last = to ? Math.min(Number(to), bytes.length - 1) : bytes.length - 1;
  response
    .writeHead(206, { ...headers, 'content-range': `bytes ${from}-${last}/${bytes.length}` })
    .end(bytes.subarray(Number(from), last + 1));
}
