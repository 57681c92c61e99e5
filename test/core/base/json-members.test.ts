import t from 'tap'
import { duplicateMember } from '../../../core/base/json-members.ts'

t.test('two members of one name, at any depth, however they are written', async (t) => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":1,"b":{"c":1,"c":2}}',
    '[{"a":1,"a":1}]',
    '{"a":[1,{"b":1,"b":1}]}',
    '{"a":1,"\\u0061":2}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a":"}","a":1}',
    ' { "a" : [ ] , "a" : { } } ',
  ])
    t.ok(duplicateMember(text), text)
})

t.test('equal names in different objects, and texts that look like names', async (t) => {
  for (const text of [
    '{"a":1,"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":"a"}',
    '{"a":["a","a"]}',
    '{"a":"\\",\\"a\\":1"}',
    '{"a":{},"b":[{}],"c":1}',
    '"a"',
    '7',
  ])
    t.equal(duplicateMember(text), undefined, text)
})

t.test('where it is', async (t) => {
  t.same(duplicateMember('{"a":1,"b":[0,[{}],{"c":{"x":1},"c":2}]}'), ['b', 2, 'c'])
  t.same(duplicateMember('[[],{"a":[1,2],"\\u0061":2}]'), [1, 'a'])
})
