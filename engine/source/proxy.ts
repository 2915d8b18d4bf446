/**
 * Which proxy a download goes through, from the variables curl and wget know.
 * Pure; Node's own fetch ignores these variables, which is why http.ts does not use it.
 */

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, or undefined for a direct connection. `http_proxy`, `https_proxy`,
 * `all_proxy`, each also in capitals; `no_proxy` lists hosts, domains (`.example.org`,
 * `example.org` with all below it), `host:port`, or `*`.
 */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const scheme = url.protocol.slice(0, -1);
  const value = read(env, `${scheme}_proxy`) ?? read(env, 'all_proxy');
  if (value === undefined || isExempt(url, read(env, 'no_proxy') ?? '')) return undefined;
  const proxy = value.includes('://') ? value : `http://${value}`;
  const parsed = URL.canParse(proxy) ? new URL(proxy) : undefined;
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  return isHttp && parsed.hostname !== '' ? parsed : undefined;
}

/** The variables a helper that downloads by itself (git) may see. */
export function proxyVariables(env: Env): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];
  const all = names.flatMap((name) => [name, name.toUpperCase()]);
  return Object.fromEntries(all.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** `Basic …` for a proxy or server with a user in its URL. */
export function basicCredentials(url: URL): string | undefined {
  if (url.username === '') return undefined;
  const pair = `${unescape(url.username)}:${unescape(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Percent-decoding that leaves a stray `%` as it is. */
function unescape(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** A URL as it may be shown and logged: without user, password and query values. */
export function publicUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.host === '') return url;
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
}

function read(env: Env, name: string): string | undefined {
  const value = env[name] ?? env[name.toUpperCase()];
  return value === undefined || value === '' ? undefined : value;
}

function isExempt(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const host = url.hostname.toLowerCase();
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || covers(entry, host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  const match = /^(.*?)(?::(\d+))?$/.exec(entry);
  const [, name = '', wanted] = match ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  const domain = name.replace(/^\*?\./, '');
  return host === domain || host.endsWith(`.${domain}`);
}
