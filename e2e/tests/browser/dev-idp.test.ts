import { tellStories } from './fixture/stories.ts';

tellStories('embedded', 'the development identity provider');
