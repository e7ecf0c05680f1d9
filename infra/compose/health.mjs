// The health check of a container: GET HEALTH_URL, 200 or not. HEALTH_KEY and HEALTH_CERT name the certificate
// to show where the process asks its clients for one; NODE_EXTRA_CA_CERTS says whom it trusts.
import { readFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';

const { HEALTH_URL = 'http://127.0.0.1:4000/health', HEALTH_KEY, HEALTH_CERT } = process.env;
const options = {
  timeout: 4000,
  ...(HEALTH_KEY && HEALTH_CERT && { key: readFileSync(HEALTH_KEY), cert: readFileSync(HEALTH_CERT) }),
};
const fail = () => process.exit(1);
const get = HEALTH_URL.startsWith('https:') ? getSecure : getPlain;
get(HEALTH_URL, options, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .on('timeout', fail)
  .on('error', fail);
