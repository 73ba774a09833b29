export { type NotificationDeps, type Notifications, openNotifications } from './notifications.ts';
export type { ChannelStatus } from './queue.ts';
export { type NotificationConfig, notificationSection } from './section.ts';
export type { Decide, SlackDesk, SlackVerdict } from './slack/desk.ts';
