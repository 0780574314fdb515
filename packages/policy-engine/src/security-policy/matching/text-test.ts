/** Whether a text is what a value of a policy asks for. Linear in the text. @internal */
export type TextTest = (text: string) => boolean;
