/** AVA's settings for `npm run test:long`: what takes minutes, two at a time: most of it uses one processor. */
export default {
  files: ['dist/tests/long/*.test.js'],
  concurrency: 2,
  workerThreads: false,
  timeout: '15m',
};
