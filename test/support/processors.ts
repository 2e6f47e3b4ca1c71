import { hostProcessors } from '../../src/host/processors.ts';

/** All processors that containers can be given, in ascending order. */
export const allProcessors = (await hostProcessors()) ?? '0';
export const firstProcessor = /^\d+/.exec(allProcessors)?.[0] ?? '0';
export const lastProcessor = /\d+$/.exec(allProcessors)?.[0] ?? '0';
export const isSingle = firstProcessor === lastProcessor;
