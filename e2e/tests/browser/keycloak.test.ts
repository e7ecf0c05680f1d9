import { tellStories } from './fixture/stories.ts';

tellStories('keycloak', 'Keycloak');
