import { type UseMutationOptions, useMutation } from '@tanstack/preact-query';
import { useRef } from 'preact/hooks';

/**
 * A mutation that runs with what is on the screen now. `useMutation` takes a new function only after the next paint, so that a quick
 * Ctrl+S would send what stood there before the last letter.
 */
export function useAction<Data = unknown, Variables = void>(options: UseMutationOptions<Data, Error, Variables>) {
  const latest = useRef(options);
  latest.current = options;
  return useMutation<Data, Error, Variables>({
    mutationFn: (variables, context) => {
      const { mutationFn } = latest.current;
      return mutationFn ? mutationFn(variables, context) : Promise.reject(new Error('there is nothing to do'));
    },
    onSuccess: (...answer) => latest.current.onSuccess?.(...answer),
    onError: (...failure) => latest.current.onError?.(...failure),
  });
}
