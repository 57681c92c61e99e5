import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import type { MicroCase } from './micro-case.ts'

const nothing = (): void => {}

function wheelWith(pending: number): TimerWheel {
  const wheel = new TimerWheel({ manual: true })
  for (let i = 0; i < pending; i++) wheel.after(60_000 + i, nothing)
  return wheel
}

export const timerWheelCases = (): MicroCase[] => {
  const [empty, full, real] = [wheelWith(0), wheelWith(10_000), new TimerWheel()]
  const once = (wheel: TimerWheel) => (): void => wheel.after(30_000, nothing).cancel()
  return [
    { name: 'timer wheel: set and cancel, 10,000 pending', run: once(full) },
    { name: 'timer wheel: set and cancel, none pending', run: once(empty) },
    {
      name: 'timer wheel: set by its turn and cancel, 10,000 pending',
      run: () => full.afterTurn(30_000, nothing).cancel(),
    },
    // The first deadline starts the wheel's Node timer, the last one that goes stops it.
    { name: 'timer wheel: the same with its Node timer', run: once(real) },
  ]
}
