export * as recorded from './recorded.ts';
export { encodeReply, type ReplyObject, sealSecret } from './reply-builder.ts';
export { type TestCall, TestServer, type TestServerOptions } from './test-server.ts';
