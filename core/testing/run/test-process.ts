import type { ServiceKey } from '../../api/service.ts'
import type { Clock } from '../../base/clock.ts'
import type { TimerWheel } from '../../base/timer-wheel.ts'
import { EndpointRegistry, EndpointRegistryKey } from '../../state/registry.ts'
import { SharedState } from '../../state/shared-state.ts'
import { StartConditions, StartConditionsKey } from '../../state/start-conditions.ts'
import { MemoryMeter } from '../memory-meter.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { TestTime, type TimeMode } from './test-time.ts'

/** What a process gives its filters, in the test's hand: time, logs, metrics, shared state, the registry. */
export class TestProcess {
  readonly time: TestTime
  readonly log = new RecordingLogger()
  readonly meter = new MemoryMeter()
  readonly shared = new SharedState()
  readonly registry: EndpointRegistry

  constructor(mode: TimeMode = 'auto') {
    this.time = new TestTime(mode, (error) => this.log.error({ err: error }, 'a deadline failed'))
    this.registry = new EndpointRegistry(this.clock, this.log)
  }

  /** Services that every process has. */
  get services(): ReadonlyMap<ServiceKey<unknown>, unknown> {
    return new Map<ServiceKey<unknown>, unknown>([
      [EndpointRegistryKey, this.registry],
      [StartConditionsKey, new StartConditions(this.clock)],
    ])
  }

  get clock(): Clock {
    return this.time.clock
  }

  get timers(): TimerWheel {
    return this.time.timers
  }
}
