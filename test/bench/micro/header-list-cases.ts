import { HeaderList } from '../../../core/api/header-list.ts'
import { type MicroCase, REQUEST_FIELDS } from './micro-case.ts'

const list = HeaderList.sharing(REQUEST_FIELDS)
const own = list.clone()
/** A new list each time, as per request. */
const fresh = (): HeaderList => HeaderList.sharing(REQUEST_FIELDS)

export const headerListCases: readonly MicroCase[] = [
  { name: 'header list: get the first of 7', run: () => list.get('host') },
  { name: 'header list: get the last of 7', run: () => list.get('cache-control') },
  { name: 'header list: get one that is not there', run: () => list.get('authorization') },
  { name: 'header list: set one that is there', run: () => own.set('Accept', 'text/html') },
  {
    name: 'header list: make one, add a field',
    run() {
      const made = fresh()
      made.add('X-Request-Id', '0123456789abcdef')
      return made
    },
  },
  {
    name: 'header list: iterate over 7',
    run() {
      let length = 0
      for (const [name, value] of list) length += name.length + value.length
      return length
    },
  },
]
