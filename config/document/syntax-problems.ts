import type { Document, LineCounter, YAMLError } from 'yaml'
import type { PlacedProblem } from './placed-problem.ts'

// One mistake causes many errors of the parser; the first few lines are enough to find it.
const MAX_SYNTAX_PROBLEMS = 20

/** Errors of YAML syntax, in plain words: the first of each line. */
export function syntaxProblems(document: Document.Parsed, lines: LineCounter, text: string): PlacedProblem[] {
  const all = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
  const problems: PlacedProblem[] = []
  let lastLine = 0
  for (const error of all) {
    const position = lines.linePos(error.pos[0])
    if (position.line === lastLine) continue
    lastLine = position.line
    problems.push({ path: [], message: describe(error, lineAt(text, error.pos[0])), position })
    if (problems.length === MAX_SYNTAX_PROBLEMS) break
  }
  return problems
}

function describe(error: YAMLError, line: string): string {
  const value = /(?<!\$)[[{].*\$\{/.test(line) ? `\${…}` : /[[{].*\/\{\w*\}/.test(line) ? '{parameters}' : undefined
  const hint = value === undefined ? '' : ` (inside [ ] and { } put a value with ${value} in quotes)`
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return "a tab can't indent in YAML: use spaces"
    case 'MULTIPLE_DOCS':
      return 'a second document starts here: a configuration has only one'
    case 'NON_STRING_KEY':
      return 'a key must be plain text, not a list or a mapping. Write it as key: value, or put a value that starts with [ or { in quotes'
    case 'BAD_INDENT':
      return /^Flow/.test(error.message)
        ? `a [ or { that was opened before is not closed${hint}`
        : 'the indentation matches nothing above: the keys of a mapping, and the dashes of a list, start in the same column'
    case 'MISSING_CHAR':
      return /quote/.test(error.message) ? 'a quotation mark that was opened before is not closed' : plain(error) + hint
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a second "key: value" on the same line. Put a value that holds ": " in quotes'
    case 'BAD_SCALAR_START':
      return `a value can't start with ${/(\S)$/.exec(error.message)?.[1] ?? 'this character'}: put it in quotes`
    case 'BAD_DQ_ESCAPE':
      return 'this is not an escape sequence of double quotes: write \\\\ for a backslash, or use single quotes'
    case 'TAG_RESOLVE_FAILED':
      return 'a tag (! and a name) is not supported: remove it'
    case 'RESOURCE_EXHAUSTION':
      return 'nested too deeply'
    default:
      return plain(error) + hint
  }
}

function plain(error: YAMLError): string {
  // After a colon the library quotes the document, which may be a secret.
  const [message = ''] = error.message.split(':', 1)
  return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  return text.slice(start, Math.min(end === -1 ? text.length : end, start + 500))
}
