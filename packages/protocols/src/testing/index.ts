export * as recorded from './recorded.ts';
