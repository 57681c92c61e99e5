import t from 'tap'
import { millisecondsOf, TestTime } from '../../../../core/testing/run/test-time.ts'

t.test('spans', async (t) => {
  t.equal(millisecondsOf(250), 250)
  t.equal(millisecondsOf('250ms'), 250)
  t.equal(millisecondsOf('5s'), 5000)
  t.equal(millisecondsOf('1.5h'), 5_400_000)
  for (const wrong of ['5', 'soon', -1, Number.NaN]) t.throws(() => millisecondsOf(wrong), /milliseconds as a number/)
})

t.test('deadlines fire in order, each at its time, with what follows from them', async (t) => {
  const time = new TestTime('manual', (error) => t.fail(String(error)))
  const fired: string[] = []
  const note = (name: string) => () => void fired.push(`${name} ${time.clock.now()}`)
  time.timers.after(1000, note('late'))
  time.timers.after(10, () => {
    note('first')()
    void Promise.resolve().then(() => time.timers.after(5, note('follows')))
  })
  time.timers.after(500, note('never')).cancel()
  const wall = time.clock.wall()
  await time.advance('999ms')
  t.same(fired, ['first 10', 'follows 15'])
  await time.advance(1)
  t.same(fired, ['first 10', 'follows 15', 'late 1000'])
  t.equal(time.clock.wall() - wall, 1000)
  t.equal(time.timers.size, 0)
})

t.test('a year is no longer than a second', async (t) => {
  const time = new TestTime('manual', () => {})
  let fired = 0
  const again = (): void =>
    void time.timers.after(86_400_000, () => {
      fired++
      again()
    })
  again()
  await time.advance(365 * 86_400_000)
  t.equal(fired, 365)
})

t.test('in mode auto time passes for work that waits for it', async (t) => {
  const time = new TestTime('auto', () => {})
  const after = (ms: number): Promise<number> =>
    new Promise((resolve) => void time.timers.after(ms, () => resolve(time.clock.now())))
  const chain = async (): Promise<number> => (await after(3000)) + (await after(2000))
  t.same(await Promise.all([time.until(after(4000)), time.until(chain())]), [4000, 8000])
  t.equal(time.clock.now(), 5000)
  time.timers.after(1, () => t.fail('nobody waits'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(time.clock.now(), 5000)
})

t.test('in mode real it flows, and can be put forward', async (t) => {
  const time = new TestTime('real', () => {})
  const [now, wall] = [time.clock.now(), time.clock.wall()]
  const fired = new Promise((resolve) => void time.timers.after(60_000, () => resolve(time.clock.now())))
  await time.advance('2m')
  t.ok(((await fired) as number) >= now + 60_000)
  t.ok(time.clock.wall() >= wall + 120_000)
})
