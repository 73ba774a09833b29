import { conformance } from './conformance.ts';
import { httpFixture } from './http-fixture.ts';

conformance('http', httpFixture);
