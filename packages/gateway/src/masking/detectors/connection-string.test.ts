import { testDetector } from './marked.test-support.ts';

testDetector(
  'connection-string',
  [
    'postgres://app:«hunter2»@db.internal:5432/shop',
    'DATABASE_URL="postgresql://app:«s3cr3t%21»@localhost/x?sslmode=require"',
    'redis://:«abc»@cache:6379/0',
    'mongodb+srv://u:«p@ss:w0rd»@cluster.example/db',
    'amqp://guest:«guest»@10.0.0.5//',
    "url='https://me:«pass»@example.com'",
    '{"u":"mysql://r:«x»@h/d"} and mysql://r:«y»@h/e',
  ],
  [
    'https://example.com/a:b@c',
    'https://user@example.com/',
    'http://localhost:8080/@x',
    'postgres://app:***@db/x',
    '://a:b@c',
    'see https://example.com:443 and mail a:b@c',
    'https://a:b <c@d.org>',
    'https://example.com?x=a:b@c',
    'redis://:@cache',
    'a://b:c d@e',
  ],
);
