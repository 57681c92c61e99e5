import { SETUP_KEYS } from './chain-setup.ts'
import type { FiltersUnderTest } from './filters-under-test.ts'
import { checkKeys } from './known-keys.ts'
import { INPUT_KEYS, type RunInput, type RunSetup } from './run-input.ts'
import type { RunResult } from './run-result.ts'
import { startChain } from './test-chain.ts'

/** Builds a chain, sends one request through it, and closes it. */
export async function runOnce(filters: FiltersUnderTest, setup: RunSetup): Promise<RunResult> {
  checkKeys(setup, [...new Set<string>([...SETUP_KEYS, ...INPUT_KEYS])], 'a run')
  const { request, identity, slots, traced, ...chainSetup } = setup
  const chain = await startChain(filters, chainSetup)
  const given = { request, identity, slots, traced }
  const input = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as RunInput
  try {
    const result = await chain.run(input)
    await chain.close()
    return { ...result, logs: chain.logs, faults: chain.faults }
  } finally {
    await chain.close()
  }
}
