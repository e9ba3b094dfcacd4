//! Reads the modules of a crate to find which file uses which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, UseTree, Visibility};

/// The most re-exports to follow from a name to its item.
const MAX_STEPS: usize = 8;

/// The modules of one crate, the root first.
pub(crate) struct Crate {
    modules: Vec<Module>,
}

#[derive(Default)]
struct Module {
    file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// Names of the items that the module itself defines.
    items: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths in the code, outside of imports.
    paths: BTreeSet<Vec<String>>,
}

/// One name that a `use` imports.
struct Import {
    path: Vec<String>,
    /// The name here; `None` for `*`.
    name: Option<String>,
    is_public: bool,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    /// An item that this module defines.
    Item(usize),
}

impl Crate {
    /// Reads the crate whose root is `file`. `read` gives the text of a file, or `None` if the file does not exist.
    pub(crate) fn load(file: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Self {
        let mut modules = Self { modules: Vec::new() };
        modules.add_file(file, file.parent().unwrap(), None, read);
        modules
    }

    /// Adds the module in `file`. Its children are in `folder`.
    fn add_file(
        &mut self,
        file: &Path,
        folder: &Path,
        parent: Option<usize>,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> usize {
        let text =
            read(file).unwrap_or_else(|| panic!("{} is declared as a module, but does not exist", file.display()));
        let items = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())).items;
        self.add(file, folder, parent, &items, read)
    }

    fn add(
        &mut self,
        file: &Path,
        folder: &Path,
        parent: Option<usize>,
        items: &[Item],
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> usize {
        let id = self.modules.len();
        self.modules.push(Module { file: file.to_owned(), parent, ..Module::default() });
        let mut uses = Uses::default();
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            let Item::Mod(module) = item else {
                self.modules[id].items.extend(name(item));
                uses.visit_item(item);
                continue;
            };
            let name = module.ident.to_string();
            let child = match (&module.content, path_attribute(&module.attrs)) {
                (Some((_, items)), _) => self.add(file, &folder.join(&name), Some(id), items, read),
                (None, Some(path)) => {
                    let path = file.parent().unwrap().join(path);
                    self.add_file(&path, path.parent().unwrap(), Some(id), read)
                }
                (None, None) => {
                    let (plain, nested) = (folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs"));
                    let file = if read(&plain).is_some() { plain } else { nested };
                    self.add_file(&file, &folder.join(&name), Some(id), read)
                }
            };
            self.modules[id].children.insert(name, child);
        }
        self.modules[id].imports = uses.imports;
        self.modules[id].paths = uses.paths;
        id
    }

    /// Finds, for each file, the other files that it uses, with the paths in the code.
    pub(crate) fn uses(&self) -> BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>> {
        let mut graph: BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>> = BTreeMap::new();
        for (id, module) in self.modules.iter().enumerate() {
            let used = graph.entry(module.file.clone()).or_default();
            let add = |used: &mut BTreeMap<PathBuf, BTreeSet<String>>, target: usize, text: String| {
                let file = &self.modules[target].file;
                if *file != module.file {
                    used.entry(file.clone()).or_default().insert(text);
                }
            };
            for import in &module.imports {
                let text = format!("use {}{}", import.path.join("::"), if import.name.is_none() { "::*" } else { "" });
                let target = match (self.resolve(id, &import.path, 0), &import.name) {
                    (Some(Target::Item(target)), _) | (Some(Target::Module(target)), None) => target,
                    // The paths in the code show which items of the module the file uses.
                    (Some(Target::Module(_)), Some(_)) | (None, _) => continue,
                };
                if !(import.is_public && self.is_below(target, id)) {
                    add(used, target, text);
                }
            }
            let imported: BTreeSet<PathBuf> = used.keys().cloned().collect();
            for path in &module.paths {
                // Skip `Item` and `Item::new` if the import of `Item` counts already.
                let by_name = matches!(self.resolve(id, &path[..1], 0), Some(Target::Item(_)));
                if let Some(Target::Item(target)) = self.resolve(id, path, 0)
                    && !(by_name && imported.contains(&self.modules[target].file))
                {
                    add(used, target, path.join("::"));
                }
            }
        }
        graph
    }

    fn is_below(&self, module: usize, ancestor: usize) -> bool {
        let mut parents = std::iter::successors(Some(module), |id| self.modules[*id].parent);
        parents.any(|id| id == ancestor)
    }

    /// Finds what a path in a module leads to. Gives `None` if that is in another crate.
    fn resolve(&self, module: usize, path: &[String], steps: usize) -> Option<Target> {
        let mut rest = path.iter();
        let mut target = match rest.next()?.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(module),
            "super" => Target::Module(self.modules[module].parent?),
            name => self.find(module, name, steps)?,
        };
        for name in rest {
            let Target::Module(current) = target else { break };
            target = match name.as_str() {
                "self" => target,
                "super" => Target::Module(self.modules[current].parent?),
                // Nothing here defines the name, so a macro of this module does.
                name => self.find(current, name, steps).unwrap_or(Target::Item(current)),
            };
        }
        Some(target)
    }

    /// Finds what a name stands for in a module.
    fn find(&self, module: usize, name: &str, steps: usize) -> Option<Target> {
        let here = &self.modules[module];
        if let Some(child) = here.children.get(name) {
            return Some(Target::Module(*child));
        }
        if here.items.contains(name) {
            return Some(Target::Item(module));
        }
        if steps == MAX_STEPS {
            return None;
        }
        if let Some(import) = here.imports.iter().find(|import| import.name.as_deref() == Some(name)) {
            // `use name::name` of another crate must not find itself.
            return if import.path[0] == name {
                self.child_path(module, &import.path, steps)
            } else {
                self.resolve(module, &import.path, steps + 1)
            };
        }
        here.imports.iter().filter(|import| import.name.is_none()).find_map(|import| {
            let Some(Target::Module(from)) = self.resolve(module, &import.path, steps + 1) else { return None };
            if from == module { None } else { self.find(from, name, steps + 1) }
        })
    }

    /// Finds what a path leads to that begins with a child of the module.
    fn child_path(&self, module: usize, path: &[String], steps: usize) -> Option<Target> {
        self.modules[module].children.get(&path[0])?;
        self.resolve(module, path, steps + 1)
    }
}

/// Collects the imports and paths in a module's items. A `use` or an item inside a function counts as the module's.
#[derive(Default)]
struct Uses {
    imports: Vec<Import>,
    paths: BTreeSet<Vec<String>>,
}

impl Uses {
    fn add_tree(&mut self, tree: &UseTree, prefix: &[String], is_public: bool) {
        let with = |name: &str| prefix.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.add_tree(&path.tree, &with(&path.ident.to_string()), is_public),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(tree, prefix, is_public)),
            UseTree::Glob(_) => self.imports.push(Import { path: prefix.to_vec(), name: None, is_public }),
            UseTree::Name(name) if name.ident == "self" => {
                self.imports.push(Import { path: prefix.to_vec(), name: prefix.last().cloned(), is_public });
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.imports.push(Import { path: with(&name), name: Some(name), is_public });
            }
            UseTree::Rename(rename) => {
                let path = if rename.ident == "self" { prefix.to_vec() } else { with(&rename.ident.to_string()) };
                self.imports.push(Import { path, name: Some(rename.rename.to_string()), is_public });
            }
        }
    }
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let is_test = matches!(item, syn::ImplItem::Fn(function) if is_test(&function.attrs));
        if !is_test {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.paths.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    /// Reads the paths in a macro's arguments that begin with `crate`, `self` or `super`. The arguments are tokens, not syntax.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let text = call.tokens.to_string().replace(':', " : ");
        let mut tokens = text.split_whitespace().peekable();
        while let Some(token) = tokens.next() {
            let first = token.trim_start_matches(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let mut path = vec![first.to_owned()];
            while tokens.peek() == Some(&":") {
                tokens.next();
                if tokens.next_if_eq(&":").is_none() {
                    break;
                }
                let Some(part) = tokens.peek() else { break };
                let name: String =
                    part.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
                if name.is_empty() {
                    break;
                }
                let ends_here = name.len() < part.len();
                path.push(name);
                if ends_here {
                    break;
                }
                tokens.next();
            }
            if path.len() > 1 && ["crate", "self", "super"].contains(&path[0].as_str()) {
                self.paths.insert(path);
            }
        }
        visit::visit_macro(self, call);
    }
}

/// Gives the name of an item, if a path can lead to it.
fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Tells whether attributes make an item part of tests only: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, ...))]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    })
}

/// Reads the value of `#[path = "..."]`.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(value) if value.path.is_ident("path") => match &value.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}
