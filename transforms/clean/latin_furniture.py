"""Furniture of pages in English and French, which Arabic sites with a foreign template or edition show as well."""

import re
from typing import Final

_LINES: Final = frozenset(
    " ".join(entry.split())
    for entry in """
    share | share this | share this article | share this story | share this post | share article | share on facebook |
    share on twitter | share on x | share on whatsapp | tweet | print | print this page | email | email this |
    copy link | link copied | save | save article | listen | listen to this article | font size | report an error |
    read more | read next | up next | see more | see also | show more | load more | view more | continue reading |
    keep reading | related | related articles | related stories | related news | related posts | related topics |
    related content | more stories | more news | more from this author | you may also like | you might also like |
    recommended for you | recommended stories | most read | most popular | most viewed | trending now | latest news |
    latest stories | editor's picks | editors' picks | don't miss | previous article | next article | previous post |
    next post | comments | leave a comment | leave a reply | post a comment | write a comment | add a comment |
    add comment | view comments | show comments | no comments | no comments yet | comments are closed |
    be the first to comment | cancel reply | advertisement | advertising | sponsored | sponsored content |
    article content |
    story continues below advertisement | article continues below | subscribe | subscribe now | sign up | sign up now |
    sign in | log in | newsletter | follow us | download our app | get our app | skip to content |
    skip to main content | back to top |
    all rights reserved | privacy policy | terms of use | terms of service | cookie policy | contact us |
    about us | tags | keywords | filed under | accept all | reject all | click here |
    partager | partager cet article | partager l'article | partager sur facebook | partager sur twitter | imprimer |
    envoyer par e-mail | envoyer par mail | copier le lien | lien copié | lire aussi | à lire aussi | a lire aussi |
    lire également | à lire également | lire la suite | lire plus | voir aussi | à voir aussi | voir plus |
    afficher plus | sur le même sujet | dans la même rubrique | dans la même catégorie | articles similaires |
    articles liés | articles associés | articles recommandés | articles récents | plus d'articles | les plus lus |
    les plus populaires | les plus consultés | commentaires | aucun commentaire | laisser un commentaire |
    ajouter un commentaire | laisser une réponse | poster un commentaire | réagir | publicité | contenu sponsorisé |
    mots-clés | mots clés | étiquettes | suivez-nous | abonnez-vous | s'abonner | je m'abonne | s'inscrire |
    se connecter | mentions légales | politique de confidentialité | tous droits réservés | article précédent |
    article suivant | retour en haut | dernières nouvelles | à la une | contactez-nous | tout accepter | tout refuser
    """.split("|")  # noqa: SIM905
)
_LEADS = re.compile(
    r"""(?x)^(?:
    (?:read|see|watch|listen)\ (?:also|more|next)\ ?[:\-–|] | also\ (?:read|watch|see)\b | related\ ?:
  | related\ (?:articles?|stor(?:y|ies)|news|posts?|topics?|content|coverage|reading|video)\ ?:
  | (?:you\ (?:may|might)\ (?:also\ )?(?:like|be\ interested\ in)|recommended|don't\ miss|more\ on\ this)\ ?:
  | (?:sign\ up|subscribe|register)\ (?:to|for)\ (?:our|the|free)\b
    .*\b(?:newsletters?|alerts?|updates?|channel|briefing)\b
  | (?:follow|like|join|find)\ us\ (?:on|at)\b | (?:click|tap)\ here\ to\ (?:subscribe|sign|join|read\ more|download)\b
  | (?:download|get|install)\ (?:our|the)\b.{0,40}\bapp\b | join\ (?:our|the)\b.{0,30}\b(?:whatsapp|telegram)\b
  | (?:key\ ?words|tags|filed\ under|hashtags|posted\ in|tagged)\ ?:
  | your\ email\ address\ will\ not\ be\ published | required\ fields\ are\ marked
  | (?:this\ (?:web)?site|we)\ uses?\ cookies\b | (?:©\ ?)?copyright\ (?:©\ ?)?(?:\d{4}|by)\b
  | \d+\ min(?:utes?|s)?\ (?:of\ )?read(?:ing)?$ | \d[\d,.]*k?\ (?:comments?|shares?|views?)$
  | (?:à\ |a\ )?(?:lire|voir|écouter)\ (?:aussi|également)\b(?!\ bien)
  | lire\ la\ suite\ ?[:\-–|] | sur\ le\ même\ sujet\ ?:
  | (?:abonnez|inscrivez)[\- ]vous\ (?:à|au|aux|gratuitement|pour)\b | suivez[\- ]nous\ (?:sur|aussi)\b
  | rejoignez[\- ]nous\ sur\b | rejoignez\ (?:notre|la)\ (?:chaîne|communauté|page)\b
  | téléchargez\ (?:notre|l'|gratuitement).{0,40}\bappli(?:cation)?\b | cliquez\ ici\b
  | recevez\b.{0,60}\b(?:newsletter|boîte\ mail|par\ e-?mail)\b | mots[\- ]clés\b | étiquettes\ ?:
  | votre\ adresse\ (?:e-?mail|de\ messagerie)\ ne\ sera\ pas\ publiée | les\ champs\ obligatoires\ sont
  | (?:ce\ site|nous)\ utilis(?:e|ons)\ des\ cookies\b | temps\ de\ lecture\ ?:
  | il\ vous\ reste\ \S+\ de\ cet\ article | la\ suite\ est\ réservée\ aux\ abonnés
  | (?:photo|image|picture)\ ?(?:credits?)?:\ (?:\S+\ ?){1,6}$ | crédits?\ photos?\b\ ?:?\ (?:\S+\ ?){1,6}$
  | \d+\ min(?:utes?)?\ de\ lecture$ | \d[\d.]*\ (?:commentaires?|partages?|vues?)$
    )"""
)
_RIGHTS = re.compile(r"\b(?:all rights reserved|tous droits réservés)\b")
_RIGHTS_WORDS: Final = 15
_LATIN_START = re.compile(r"[a-zàâçéèêîôû\d©]")


def is_latin_furniture(key: str) -> bool:
    """True for a line, in the form of `normalize_line`, that belongs to an English or French page and no article."""
    if not _LATIN_START.match(key):
        return False
    key = key.replace("’", "'")
    if key in _LINES or _LEADS.match(key):
        return True
    return key.count(" ") < _RIGHTS_WORDS and _RIGHTS.search(key) is not None
