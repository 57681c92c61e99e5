import t from 'tap'
import * as z from 'zod'
import { wordIssue } from '../../../core/base/issue-wording.ts'

const wordingOf = (schema: z.ZodType, value: unknown): string => wordIssue(schema.safeParse(value).error!.issues[0]!)

t.test("zod's own messages are put into the words of the configuration", async (t) => {
  const cases: [schema: z.ZodType, value: unknown, wording: string][] = [
    [z.string(), 1, 'expected a text'],
    [z.number(), -Infinity, 'expected a number'],
    [z.int(), 1.5, 'expected a whole number'],
    [z.boolean(), 'yes', 'expected true or false'],
    [z.array(z.string()), {}, 'expected a list'],
    [z.object({}), [], 'expected a mapping'],
    [z.record(z.string(), z.string()), 'a', 'expected a mapping'],
    [z.date(), 'a', 'expected date'],
    [z.enum(['a', 'b']), 'c', 'expected one of "a", "b"'],
    [z.literal(['off', false, null]), 'c', 'expected one of "off", false, null'],
    [z.literal('x'), 'c', 'expected "x"'],
    [z.number().min(2), 1, 'expected at least 2'],
    [z.number().max(2.5), 3, 'expected at most 2.5'],
    [z.number().positive(), 0, 'expected more than 0'],
    [z.number().lt(-1), 0, 'expected less than -1'],
    [z.array(z.string()).min(1), [], 'expected a list with at least one entry'],
    [z.array(z.string()).max(1), ['a', 'b'], 'expected at most 1 entry'],
    [z.string().min(1), '', "expected a text that isn't empty"],
    [z.string().min(3), '', 'expected at least 3 characters'],
    [z.string().length(3), '', 'expected exactly 3 characters'],
    [z.union([z.number(), z.boolean()]), 'a', 'expected something else'],
  ]
  for (const [schema, value, wording] of cases) t.equal(wordingOf(schema, value), wording)
})

t.test("the messages of a schema's author stay", async (t) => {
  t.equal(wordingOf(z.string({ error: 'Invalid: give a name' }), 1), 'Invalid: give a name')
  t.equal(wordingOf(z.enum(['a'], { error: 'only a' }), 1), 'only a')
  t.equal(wordingOf(z.string().regex(/^a/), 'b'), 'Invalid string: must match pattern /^a/')
  t.equal(
    wordIssue({ message: 'Invalid type: Expected string but received 1' }),
    'Invalid type: Expected string but received 1',
  )
  t.equal(wordIssue({ message: 'Invalid input: no such key' }), 'no such key')
})
