export { applyResolver, resolverFacts, undoResolver } from './apply.js';
export { planResolver, type ResolverFacts, type ResolverPlan, type Step } from './plan.js';
