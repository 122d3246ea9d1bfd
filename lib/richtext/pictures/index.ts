/** Pictures in texts that are files of an item: where a text shows them, and how a text of another system does. Pure. */

export {
  inlineIn,
  isPicture,
  type Look,
  MEDIA,
  onlyPicture,
  pictureId,
  pictureIn,
  picturesIn,
  type ShownPicture,
} from './look';
export { picturePlaces } from './places';
