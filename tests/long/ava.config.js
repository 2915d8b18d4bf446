/** AVA's settings for `npm run test:long`: what takes minutes, one after the other. */
export default {
  files: ['dist/tests/long/*.test.js'],
  concurrency: 1,
  workerThreads: false,
  timeout: '15m',
};
