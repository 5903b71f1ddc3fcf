import { expect, test } from 'vitest';
import { tripSignal } from '../../src/flow/abort.ts';

test('a trip is given up with the reason of its caller', () => {
  const controller = new AbortController();
  const trip = tripSignal(controller.signal);
  expect(trip.signal.aborted).toBe(false);
  trip.throwIfAborted();
  const reason = new Error('enough');
  controller.abort(reason);
  expect(trip.signal.reason).toBe(reason);
  expect(() => trip.throwIfAborted()).toThrow(reason);
});

test('the end of a trip gives its signal up, and the caller is not told to have given up', () => {
  const controller = new AbortController();
  const trip = tripSignal(controller.signal);
  trip.end();
  expect(trip.signal.aborted).toBe(true);
  expect(controller.signal.aborted).toBe(false);
  trip.throwIfAborted();
});

test('a caller that gave up before the start is told at once', () => {
  expect(() => tripSignal(AbortSignal.abort(new Error('never mind')))).toThrow('never mind');
  expect(tripSignal(undefined).signal.aborted).toBe(false);
});
