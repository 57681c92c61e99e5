export type FigureName = 'start'
