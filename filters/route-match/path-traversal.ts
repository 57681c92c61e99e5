// A segment of one or two dots between separators, each raw or encoded. `;` ends a segment too: some servers remove
// what follows it (`/..;/`).
const DOT_SEGMENT = /(?:\/|%2f)(?:\.|%2e){1,2}(?:$|\/|;|%2f|%3b)/i
const BACKSLASH = /\\|%5c/i

/**
 * Whether the path, raw or percent-decoded once, could leave the folder that it is appended to: it has `.` or `..` segments (RFC 3986
 * §5.2.4), or backslashes, which some servers take for slashes. An encoded slash alone is harmless.
 * @param path as the client sent it, starting with `/`
 */
export function isPathTraversal(path: string): boolean {
  const encoded = path.includes('%')
  if (!encoded && !path.includes('/.') && !path.includes('\\')) return false
  return DOT_SEGMENT.test(path) || BACKSLASH.test(path)
}
