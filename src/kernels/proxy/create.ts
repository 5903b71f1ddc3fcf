import { createLogLinearProxy, logLinearBytes } from './log-linear.ts';
import { createNgramProxy, ngramBytes } from './ngram.ts';
import type { HeldOut, Proxy } from './proxy.ts';

/** Which model to train. */
export type ProxyPlan =
  | { readonly family: 'ngram' /** Symbols of an n-gram, 2 to 6. */; readonly order: number }
  | { readonly family: 'log-linear' /** A power of two. */; readonly parameters: number };

/**
 * A model that has learned nothing yet.
 * @param memoryBytes what it may take; as {@link proxyBytes} says, so that a model never needs more.
 */
export function createProxy(plan: ProxyPlan, heldOut: HeldOut, memoryBytes: number): Proxy {
  return plan.family === 'ngram'
    ? createNgramProxy({ order: plan.order, heldOut, memoryBytes })
    : createLogLinearProxy({ parameters: plan.parameters, heldOut });
}

/** Most bytes a model takes that is trained on so many symbols, measured on a text of `heldOutBytes`. */
export function proxyBytes(plan: ProxyPlan, tokens: number, heldOutBytes: number): number {
  return plan.family === 'ngram'
    ? ngramBytes(plan.order, tokens, heldOutBytes)
    : logLinearBytes(plan.parameters, heldOutBytes);
}
