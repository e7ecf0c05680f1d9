export { runService, type Service, type ServiceContext, type ServiceDefinition } from './run-service.ts';
export { StartupError } from './startup-error.ts';
