import { text } from '../../text';
import { Empty } from '../../ui/states';

/** Stands for a screen of operators where somebody else opens its address. */
export function NotForYou({ title }: { title: string }) {
  return (
    <>
      <header class="page-head">
        <h1>{title}</h1>
      </header>
      <Empty title={text.states.forbidden} />
    </>
  );
}
