import { startEmbedded } from './fixture/traced-platform.ts';
import { describeTraces } from './suite.ts';

describeTraces('the development identity provider', startEmbedded, { faults: true });
