SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.causeway_end_sessions() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        begin
          new.session_epoch := old.session_epoch + 1;
          return new;
        end $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.agents (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    jwk jsonb NOT NULL,
    signing_key jsonb,
    enrolled_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone,
    forests jsonb DEFAULT '[]'::jsonb NOT NULL,
    accepts jsonb,
    CONSTRAINT agents_kind_check CHECK ((kind = ANY (ARRAY['connect'::text, 'domain'::text])))
);
CREATE TABLE public.applications (
    tenant_id uuid NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    redirect_uris jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    secret_digest text,
    post_logout_redirect_uris jsonb DEFAULT '[]'::jsonb NOT NULL
);
CREATE TABLE public.causeway_migrations (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.change_counters (
    tenant_id uuid NOT NULL,
    value bigint NOT NULL
);
CREATE TABLE public.connect_statuses (
    tenant_id uuid NOT NULL,
    forest text NOT NULL,
    agent_id uuid NOT NULL,
    agent_name text NOT NULL,
    reported_at timestamp with time zone NOT NULL,
    last_object_cycle_at timestamp with time zone,
    last_password_cycle_at timestamp with time zone,
    queued bigint NOT NULL,
    owed bigint NOT NULL,
    quarantined bigint NOT NULL
);
CREATE TABLE public.encapsulations (
    tenant_id uuid NOT NULL,
    id bigint NOT NULL,
    encapsulation text NOT NULL
);
CREATE TABLE public.enrolments (
    tenant_id uuid NOT NULL,
    code_digest text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    forests jsonb DEFAULT '[]'::jsonb NOT NULL,
    replaces jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT enrolments_kind_check CHECK ((kind = ANY (ARRAY['connect'::text, 'domain'::text])))
);
CREATE TABLE public.group_members (
    tenant_id uuid NOT NULL,
    group_name text NOT NULL,
    user_id uuid NOT NULL,
    added_at timestamp with time zone NOT NULL
);
CREATE TABLE public.managed_domains (
    tenant_id uuid NOT NULL,
    realm text NOT NULL,
    netbios_domain text NOT NULL,
    key jsonb NOT NULL,
    agent_id uuid NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    receipt_key jsonb NOT NULL,
    confirmed_fingerprint text,
    confirmed_at timestamp with time zone,
    confirmed_by uuid
);
CREATE TABLE public.oidc_payloads (
    tenant_id uuid NOT NULL,
    model text NOT NULL,
    id_digest text NOT NULL,
    payload jsonb NOT NULL,
    client_id text,
    grant_id text,
    uid text,
    expires_at timestamp with time zone
);
CREATE TABLE public.reserved_names (
    tenant_id uuid NOT NULL,
    name_key text NOT NULL,
    forest text NOT NULL,
    until timestamp with time zone NOT NULL
);
CREATE TABLE public.seen_names (
    tenant_id uuid NOT NULL,
    name_key text NOT NULL,
    here uuid NOT NULL,
    there uuid NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE TABLE public.sign_in_failures (
    tenant_id uuid NOT NULL,
    account_key text NOT NULL,
    source text NOT NULL,
    failures integer NOT NULL,
    wrong jsonb NOT NULL,
    locks integer NOT NULL,
    locked_until timestamp with time zone,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.signing_keys (
    tenant_id uuid NOT NULL,
    private_key text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.statements (
    tenant_id uuid NOT NULL,
    forest text NOT NULL,
    kind text NOT NULL,
    statement text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT statements_kind_check CHECK ((kind = ANY (ARRAY['head'::text, 'receipt'::text])))
);
CREATE TABLE public.tenants (
    id uuid NOT NULL,
    name text NOT NULL,
    keys jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.tokens (
    tenant_id uuid NOT NULL,
    digest text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL
);
CREATE TABLE public.users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    origin text NOT NULL,
    forest text,
    source_anchor text,
    object_guid uuid,
    user_principal_name text NOT NULL,
    upn_key text NOT NULL,
    sam_account_name text,
    security_identifier text,
    account_enabled boolean NOT NULL,
    account_expires timestamp with time zone,
    profile jsonb NOT NULL,
    administrator boolean NOT NULL,
    account_sequence bigint,
    account_record text,
    account_received_at timestamp with time zone,
    cloud_credential text,
    credential_change_date timestamp with time zone,
    credential_received_at timestamp with time zone,
    order_version bigint,
    order_time bigint,
    order_invocation_id uuid,
    credential_sequence bigint,
    credential_record text,
    credential_record_received_at timestamp with time zone,
    changed_seq bigint,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    legacy_sequence bigint,
    legacy_outcome text,
    legacy_reason text,
    legacy_reported_at timestamp with time zone,
    legacy_applied_at timestamp with time zone,
    account_outcome text,
    account_reason text,
    mail_nickname text,
    must_change boolean DEFAULT false NOT NULL,
    news_seq bigint,
    encapsulation_id bigint,
    sign_in_name text,
    wanted_key text,
    wanted_since bigint DEFAULT 0 NOT NULL,
    name_problem text,
    password_sequence bigint,
    session_epoch bigint DEFAULT 0 NOT NULL,
    blocked_at timestamp with time zone,
    CONSTRAINT users_check CHECK (((origin = 'synchronized'::text) = ((source_anchor IS NOT NULL) AND (forest IS NOT NULL)))),
    CONSTRAINT users_origin_check CHECK ((origin = ANY (ARRAY['synchronized'::text, 'cloud'::text])))
);
ALTER TABLE ONLY public.users ALTER COLUMN account_record SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.users ALTER COLUMN credential_record SET STORAGE EXTERNAL;
INSERT INTO public.agents VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', 'connect', 'connect', '0.1.0', '{"x": "WUBw-H2Dy4PXYUyZFAEUD2NaykHUv3OYcM44AXF-vl8", "y": "LAZNrJlx8HM64bpeQwVNEcDZ16KQXXAgRsXykBB5qWQ", "crv": "P-256", "kty": "EC"}', '{"keyId": "NIPXC7HQPBOUYAF3", "publicKey": "X82d-hDwXPzEatFq8kqV5HPzePxsrBFIPEWxlGKAInA", "fingerprint": "NIPX-C7HQ-PBOU-YAF3-DMOE-OCVO-OZ33-XTNP-B34P-UAUK-A3O3-NI73-WJ7Q"}', '2026-11-28 18:45:25.486+00', '2026-11-28 18:45:25.582+00', '["recorded.example.com"]', '["account-3", "withdrawal-1"]'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', 'domain', 'domain', '0.1.0', '{"x": "5gBouu6F2piAyKF6rCv3LeSwAmh_HBHzkAe23rpTiEg", "y": "CZ0pAr14xuICSzTIwQhLQyUGUP8rixCzF8g7PNquNbI", "crv": "P-256", "kty": "EC"}', NULL, '2026-11-28 18:45:37.474+00', '2026-11-28 18:45:37.55+00', '[]', '["account-3", "withdrawal-1"]');
INSERT INTO public.causeway_migrations VALUES
	(1, 'first cut', '2026-11-28 18:45:22.340925+00'),
	(2, 'the forests of a Connect', '2026-11-28 18:45:22.340925+00'),
	(3, 'cloud-only users, group members', '2026-11-28 18:45:22.340925+00'),
	(4, 'heads and receipts', '2026-11-28 18:45:22.340925+00'),
	(5, 'what is new goes before what is sent again', '2026-11-28 18:45:22.340925+00'),
	(6, 'the encapsulation of a batch is stored once', '2026-11-28 18:45:22.340925+00'),
	(7, 'state before names', '2026-11-28 18:45:22.340925+00'),
	(8, 'withdrawals', '2026-11-28 18:45:22.340925+00'),
	(9, 'names that are two users in two places, as an administrator has seen', '2026-11-28 18:45:22.340925+00'),
	(10, 'sessions that end for good, blocks, and what administrators can list and revoke', '2026-11-28 18:45:22.340925+00'),
	(11, 'keys of the managed domain that an administrator confirmed', '2026-11-28 18:45:22.340925+00'),
	(12, 'a synchronized user is forest and anchor', '2026-11-28 18:45:22.340925+00'),
	(13, 'whose place an agent may take that enrols', '2026-11-28 18:45:22.340925+00');
INSERT INTO public.change_counters VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 19);
INSERT INTO public.connect_statuses VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'recorded.example.com', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', 'connect', '2026-11-28 18:45:45.141+00', '2026-11-28 18:45:45.128+00', '2026-11-28 18:45:45.134+00', 0, 0, 1);
INSERT INTO public.encapsulations VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 4, '61TD_GtBTlExppO7xenD5S3aOwDouYLno_t9XpYOqfJ5_Oc7--9wSzEpLcRk5aUzbE2NUI9ikzTq4_pjH8-nvI2nExYm0_ts850P6M0blhWEJxIPieAoAmpxXMU7eV3Q9qw_PwDX1odBFv591ePSeOKSVOgqFoXqB3vPNLXrhKvQ_rsQ_vXtFZJTxQcEBp4fLzCeFWFKyOyqcwqf2y9FJr9yg91FlS3Ke77aNP2nkTDqm8_7AFk__VVk73GvdQ4AorHRN6zZEno0dv64qMNR4vBkkinAHwzofstzC3TiS7cJNNGSoNJ_TsEsGqAaZmx2pk_XSYXqH0g3Wzh6POK0boYVd7AE_q1Tu8J50N9BbUHcTxDmR1RYR5yNJyLlq6Yj1vg0EYudA5crfrB14gEn26EmCsGrUeNRAYTc9zL7lNNyRvBTucjhxw20mBy92n8xYK_bn2x1Ez9HYnylbKcEFXcdawFEaF_dcsPcXsyBTI41n03d4XUXuFum84PibkU9bfeRsgioss9hUCbPbi35V2XcyQ8io6eqzcs-pzJn3mYJnbeXgR21t8Rio7M9RZyfN67xirb4koBhUBjDfftZEUO-h9G3ThZRHbvr0Y7dL5S_eXzx-Lq6M4TgCzlQaFiyyQXtakY6fM2es-13VC85DttsX3rGW3AVrEczCBYR6F7aWS1446IG-1hr72x_Q4N5zFhV9yOxCdkOhU8_G2qiBaPONIf8AyaKah2_Hy_J0Y1evL3Bt2cCSbgUAMToqyLUnx8MlILsNfdZhn2gKzQnAxfhY6IyrQKH6jlmsyCqa_AUjBoYTwk3rzRKMCgLGRFVMO3DbO_32IffRDUDVTuSnUeHzCpiACquuMure8TzSOzCwzxkRsTtekO9zkzildw75Xd852S-Q9Av-0yTVehEYKp9GUXl3KaPkcnE2atnmP9rLyLd8sjA2JzoETo3j00IU5UsEm64jnnp-VcLtJ6Aif3H4LJUXiroEI6zKjzBb7F8L5AA_4iKAoN1EpHshaa8v3-zz61dGk3CQYgQFdzYkITVX-dt4I_mRsjJHuEYisD05P3wyy8VzeZBgXWX24l3n1zbCXAU1OzjRbQJOhqrQx83x6Ssjt7bKibwuRmJLQjPFJ9V6rn39LmxrqbcTu4JQqfiuogci51KHcoCcqMjIBkMhPmvH8I9m_bkUOjwPhe9EjqLFHfnsP2DvRMgtzFxSEsooDoE5YCQ0VMhgFCvTGTNgUzux_VTizHFZpbhNm3fwVniPyD_nyxwcTia-iJoLBO20OgqA39y7XoPF7b956Xx5IkOR2USAImI0kc7acXQqvwBSBbwWlIZAZbhC4GciFtwgdkMj1BLL3a6t9L6UNAbjbEb2ndvLJA6BSbCyT6vt78yte9OMsj_7nYA2y47kjtKlnOojnpZUpyJa90EnsdhxaoLn23vyP2WRqKUWFclZP9tXt3zOf4sDs6hwF49NLjAgwhNokzb4rzGjoeWIg'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 10, 'cArDgIKx4UhvKjKXlMMm7qESWEAfc9qw79JuDW5ttVhIDU_oku62RNjWE2OGnuaVffT00q8Xai_D0teDfGzL1BCUHh6mypHc2P-kbWSQwM_2mVjTIHpXhA4k3gPXLoZtJaSAOOn-KTdzZ-8zvgr0sPhpYDw4efz4j6FLK70BH5-Y8myVnJj8ZGTowdyuIc4pgsT90UqFPjB0YrVnoe3ltNX6fYLr0WG-pATj4-bzg_bKRmD6iskqyRbC4xfWq_gkgnW0jgQtn8q1mxlb_C0cL3KpT18KiBmoxZth51troLRIuz8Yukixvo8ApP4_mqvkfqAFWBNPFXDGnPplpLzDaHEytNIWSnrV03LHePfGQ1E5CYAvdh6zoxm98HmYN1uYbCSgXLfpwVWcbP8v5KfN4EYlIjPS3kHay7M3pGEa-6VKGqTmB3i3L_slgb-oxHwvOmpXeP9ADOQMAt4NN5zXS47E0LHgy9_ZWVQXtMIKIHG2RN52piVqwwTmlxwKPlFlF3QUxRNWA9bRETRH9XeaCJSod6TfTyNxacetmJlvLtIjOFbjPagvAIMOze37vlAiQmbpxNxdZ9Umk5eEP5SoUy8l5wVY66xKjGZiJnIC9upWZRgOj2VHji4PgLxzBMqvwolDGEl7RuTrfI47ktf4S4UM1qxFpAvtnOVefmAI2EZe8zQuxuJiTSVpHsSxbWLheVsxOK0DDyoUFMzNEUvLyKT_qq1M-BgqYoRUrMJIzcUY6jhcDyLtz3vdkyI_rQnBaLcuSMsb8OZmV12dHgBy37FoXEUDHmKOmuSmhTKgy0Ac1XiKhdEX_fzFiDeC5FoX_51o6bZjen02Ns1AA-rg_rTxlattBFN_QZuI_eiVxaA9gdpsHnRP_81ZtdwvtaMA2IhIP84O7zi3r33B00BZHnR9rX86VVQzh6wxgPU-paZsOXStqHBUO_G3q4AQrztzMiQTPb_21H6U4djoj1eqJmeX0Lof28q0krsFZGm-wqupyW9zqnM9s7gjSsT4CQxw4Ady1nqwCIMW6F-sESE8JDekdcuh2gjICnE4Z_oarBGyXxHU13WgYs_PCfATjpirDq9nL2wZ6LElDVxK30_l0GcO6usT_wd0Lg77-IpDvpM-k3qwzgCL2coAw6Jrq47MvnHxYwncUkMzeepT52m2kLCe2m6Td3eL5NOtyv4yWyRuOeevl-O0daxDWpXxVtvCV50Z8Ww2li7vInlPfxXmua_YSTwysQAYBeH7BonEzXao_EkAaiHFi0CFsDnCjNhj2tpDpepZ5b3zioIFJj0l99evVK3MVj_NFSf1hWRDiTYhM_-8pCP-LDNPnYlXYht8PfKiAn1ZMuKoKAqGjxyi8sElyD2bTejLDDX4ofSbFduvol9u8fJe2JCD1SzspHgZ4XVNo-V8RmbGWTrR-YzmyuxlaqkX3LZ-lFG1YzEGnt718pWdvpKg2tK2H7p2hUjEqi-gEvCnR0xDF6J2GtevCw'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 15, 'jhsIxSLfM4Oh5qbXuBoFBbO4ddKMJtPxtJw_Yub8tQ3c5cLQWhoyfjsuIcaTNb0UDK9ldPy37AsQK_ME0lgP_SB4SZISyVgOazCtdV58JWMEt_bfOLRq1_JXbqtId3mXGJbmjLZWlc94LKzT221Q1z6ztU_HNV9AB4QK5NE8cebTy7Rs88Ovd6Oju2_nzatGPtP_yUBhFqMmOXzbivWz9Oho8Zw5z4Msh6JjzcRnkT9Zp8fWsyIv_SRt4vvwHElOR5H8nOiYEfUjkiq6PxQ0JrNWwtNLjdqB3gTP1OykWSqI2EWeAFFNnRFbIN94NA24Z0Rx5zfFrGjNdN4jeTIo5rpi__KQtXCzfKEvH03TKCWVSzxojk-LykaGBIyhs1ySo6z7uKLZHlZBZjaKPFHQAhYcGDg795sHEYr4CbZjNMQ01uvGswkguewOV_bXGPFpJzlnzets81VTfKf9ray-ShjKof8zpLl0rjFkPzfpN_CRkK9BIhTlMb0jm92PaN24VlFRAQC2luuJUaJaIcBL3gXpWXOHcpF64yLpbbyDa-JdmXTuDNUTr0MyHVx6_3-M4IZOlpA33djHK1C1HolWoFQgHl7Lrzrty_TDjIJMcTIMg8w36mLUzKhgI-DQfYavopb7A2dJjTyA8sYDfyU9IzuSntRk1VIQYStTl9fLGUxXe1jnAM1r2h8b-z6c1eEhLxER4TIgPbtLV_amgrEkjj7T9A5Z23bke0cKAERrCUWt7T1P-i1eYwx78YGK4CWKAI4pT6skLiGIjk7EBoyryprkxx7H38fMd6nyO9Po4YKqmI06dRb0ft7aoilxxhLb67a2XpIKBrVDCrAXQZna_sA5gKPM8KXUaOZ0N0GJ_XdWpxKpChTsZSo0xjKGnrDMKluaDZSPui4XhSmRY5SY42TXJiRo-GsAiSZ1782MPwMTFmQihNA3W340EE4Z10BsaJgXze2VrJwy0a5jE3iwF5XE4vtf1OUEnHsS16oPDA-jFArCy6lGNz_PKk8T_JpvnVL2GD5uZ-ThRj1CskoLAdK3QQ4fI-5z5VaBMVlcKIkpMq2HAm3wyg20Wmbd3l3JMog3xiZZ_e-5yWxoPpW2OhU4KWeWwrv6sody0oBmh3QrlhcaIRUylieDtyLbLYj_Vjyy-45y0zzrzn2m7xSMaDhXDU_gfdRFYfziDIaYszeytUCaVz980Hiku8KS7VfO2lMjA6J4o8fE4fDrc4_5oXL0nIy3wP9fzdN9X8h7ar05U67BixwcfWcwEaR4yrVbMNK9tPBsM-QDBl7BzkbNexulbM81JtjNwtkDGMuJ2Tsj6egs-gExgYDNSGUO98-EH5JvO3tsOHN5euGS0ovtoga2IA4nwuO5n7j253uGjaMcAiS_Qi8R4BJIBRR_sTowZHKKsFmqOORZnfHPxrphHRnxFtJHiHx1Nkm7trBi9bXTOQzgK2FyrZ8xtQgYHlsoZlpPFpPpPzeyvMqKtgb0LQ');
INSERT INTO public.group_members VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'AAD DC Administrators', '19a8bb12-0300-4eff-b3e0-c2ab581db2f2', '2026-11-28 18:45:26.24+00');
INSERT INTO public.managed_domains VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'AADDS.EXAMPLE.NET', 'AADDS', '{"keyId": "KMI4STMPZHGNUSVJ", "publicKey": "rPQo-RBOnDJpb8mDMeQwu9oFRqO-xsrG03GD00WlgLFDyBDAYVMupEy8VvkAvwakPjorVqa_J4oFypbFEVyu4rvOrHRqbnWLIOUDRWhHD0VizvY-IToRnTUHSTArZ0e4SQTM1Aab3KFQicpKKQbQ-gk88FAliTo6wVWvHbd_gzUpA9dZu_I7OCprb6W2VYFEOuyJjfK94uYSS5qvrySCFEKtYsoBMAk273E81fdkAUc9HBB9UEKbJvAdqtop05J3fNud83PA6HbPxalkqpdyE1eJqqtt3ROENEIBbfXJ5nNXxSk4TvqGVlJLthSbjok9GYKT83Q8uBi0Zkk3PxIxiErGC_V5muSJlyWxU2Fhjex8DpymvvnBo4Y2JxZfaCBMnwtXyNdrFtK4-JZ2cvpCD0pQaOmAELtxuxyzFRWiSDTH30stTGcW7VhEmPEV3sQmc0GSBSsAHoCGIwZtUMOuYdPNvGmNCXa60xkQeSEavYUJNCFY-GUc89k9mxSabkd78_grZCZCqfxalltWP4dW5FmnR5jAYkF-Lsw5JtUwUSFrpbObcDxYZKkb3LLOshxEV8Qbb4nCtMIYVOfCb3eflDRZRsnP7bYGvxGm2OY8WiESc9M8i3Z179cC4ccwhnInK0jABtirQ0RC7Hxq-FQMifC3I1MilJeYl-SrjWe2SlNcfrGRBzcp9AUdl3Q6I-SNIJKn47gzFiV1j0YH72p1WLFS2cF6dvgMT9O-TKkjVshBwdypfaaxnTiAgpPJR_FdZDseV2fNVhl1xwJTmdDMASxS9lMeguU1b3VMr7RM6HVZQVZAzGCDJExcjWGXniakyWEJxbEXRzWSruyQ9DYyPFhPCvK29dNJTqqnjMaFdjq5bTNSriM1_dIC8VV8E8xbGaFSNTtY78ROuDtN02y4jrR0AEU_KFa9rLFVa0EmW1fI1aU3pcrOp0pEU_FRGZgRhpy9qEm0cEOlgIOBsQcQr7tT7oGA0aGA9LcJOrMscfTDPEnC3YyxdNUJTtALSWN22oq1BHNqj0cM5wbQsEh8wmmA6TiqiWl90MJSbsZjiWdoyABssYOgJgN9UFnNaFOorAOyDCynG8cBggVg8zK0ddoMl5yayoYtNaVVf4EsphORZ1VSexSSvGa5xdy2vOOxnukznPZG8jYwmLJqfiKv55jDszzGjLkq96lxFksYzOmmIcFkZwUnSBPIqruTeNxd7YsLkYAzrmx9ihCgGMu_zyrN9KyBr5gyu-yR_muH2-G884MkspsOD0UQAdYS9WAavezAetwQA2nO1wcuVrlwnaxU4jJsKoMiUmgm9ochJjgGT1xLLKa_aukhceNf1XIIMeUtJEK5BzK2buOnLVjDXsi8lBNgVHSVd-YbNMOPv1ErP_i-0BWBCyQrcEmwzhaDHyPCDgeyd4k7TkA_0AvBgWWVAGQc85NhLqBxMlMGIqEg3BVbXMRr-CYd3GZrr_iS1kOCjpgH25MWb8K0Y7V9FigKRmOXcbJ0VXBEtLyFLOeuouJuzHcYw3xPFTOI_-w-DpepNDH7OGxzZGfrhZAPdox-pMDUC0ASRMNZBDxirO_8TqpoxW5-jQETs4sQKNHoyS1U9qoX5WO8N9I-XElwaQ", "fingerprint": "KMI4-STMP-ZHGN-USVJ-P2SI-5FL6-FZWB-SHBV-K5A2-MXDM-LLXD-B7JE-JB4Q"}', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', '2026-11-28 18:45:37.564+00', '{"keyId": "QTRNPC3JZTKJ5YJR", "publicKey": "oA_YA08jVx2e4V1zrrDXxc8-zmze3F_RgHm4iX9_a8A", "fingerprint": "QTRN-PC3J-ZTKJ-5YJR-KZK2-2O3A-DRN4-NYEH-ANQ7-DYTN-QOCA-Q3A7-UIKA"}', 'T5HI-U3TO-BPCR-XK5R-3RMO-WHG5-OA7I-HX7P-HP5L-D4OL-LHM5-YDUN-ISAQ', '2026-11-28 18:45:41.161+00', '19a8bb12-0300-4eff-b3e0-c2ab581db2f2');
INSERT INTO public.oidc_payloads VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', '26bc24255e7c50f63a0ad7a8b1cd7aaadebe6d8f885d98e3037b4744a22938f3', '{"exp": 1795891600, "iat": 1795891525, "iss": "38544fb6-a87a-451d-8b7f-58ffe66e4f88", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:40.551+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', '916744c045d5ff13f3d0d2ec39037169c16a99408e1e96e70236c176e670beee', '{"exp": 1795892125, "iat": 1795891525, "kind": "ClientCredentials", "scope": "agent", "clientId": "38544fb6-a87a-451d-8b7f-58ffe66e4f88"}', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', NULL, NULL, '2026-11-28 18:55:25.556+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', '9b4090b9dc456ba4f4ad653f31d7b25af6d7e44598d04f90ad88083e13f49a1a', '{"exp": 1795891612, "iat": 1795891537, "iss": "c3ad7413-bd2a-4e59-a30b-46051dad63bc", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:52.54+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', '8e53049825e567cf926ba6dc443cec9fa5a1cf9853875ab93e7bf82b877be592', '{"exp": 1795892137, "iat": 1795891537, "kind": "ClientCredentials", "scope": "agent", "clientId": "c3ad7413-bd2a-4e59-a30b-46051dad63bc"}', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', NULL, NULL, '2026-11-28 18:55:37.542+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', 'e6a295336140f18ec721243b3ec2b229f25d183ea5be0f3a5987eca8b1975322', '{"exp": 1795891614, "iat": 1795891539, "iss": "c3ad7413-bd2a-4e59-a30b-46051dad63bc", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:54.741+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', 'd9dffd9b0ae087aa708ac4f5f2be95c1462cfe50897d2672d214505820d111b7', '{"exp": 1795892139, "iat": 1795891539, "kind": "ClientCredentials", "scope": "agent", "clientId": "c3ad7413-bd2a-4e59-a30b-46051dad63bc"}', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', NULL, NULL, '2026-11-28 18:55:39.743+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', '664bbadd5d8b025d599572f52fc58eee9eeb7db2bef05fb84a735b45d7633541', '{"exp": 1795891615, "iat": 1795891540, "iss": "38544fb6-a87a-451d-8b7f-58ffe66e4f88", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:55.659+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', '574667d9e334f793209daefb89a459720a0b0ed3dc95bce5f43cbba0f9a83cac', '{"exp": 1795892140, "iat": 1795891540, "kind": "ClientCredentials", "scope": "agent", "clientId": "38544fb6-a87a-451d-8b7f-58ffe66e4f88"}', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', NULL, NULL, '2026-11-28 18:55:40.66+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', '9b60ef3097cd98803925b8740aa8ecddbcabc98f283692267f7f2ca19092613b', '{"exp": 1795891617, "iat": 1795891542, "iss": "38544fb6-a87a-451d-8b7f-58ffe66e4f88", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:57.609+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', 'b06469483e6562f949143e439b3cde36bb79e80035621feb230617ef34154ce1', '{"exp": 1795892142, "iat": 1795891542, "kind": "ClientCredentials", "scope": "agent", "clientId": "38544fb6-a87a-451d-8b7f-58ffe66e4f88"}', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', NULL, NULL, '2026-11-28 18:55:42.612+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', 'ecbbe80a962a149fe0c5ff586b85a10bb3898ecf60dbbafc38279fe4a42e1d38', '{"exp": 1795891618, "iat": 1795891543, "iss": "c3ad7413-bd2a-4e59-a30b-46051dad63bc", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:58.216+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', 'd0134ac35ac6206af94d1bb41ffa86ce1868dce30440dc7c90ccf388e71e81dd', '{"exp": 1795892143, "iat": 1795891543, "kind": "ClientCredentials", "scope": "agent", "clientId": "c3ad7413-bd2a-4e59-a30b-46051dad63bc"}', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', NULL, NULL, '2026-11-28 18:55:43.218+00');
INSERT INTO public.reserved_names VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ERIN@RECORDED.EXAMPLE.COM', 'recorded.example.com', '2026-12-28 18:45:45.114+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'CAROL@RECORDED.EXAMPLE.COM', 'recorded.example.com', '2026-12-28 18:45:45.417+00');
INSERT INTO public.signing_keys VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', '-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIIqp28Y5389Y0aD2goOLrmdFbxxv4WPGI0o/JO1iRelU
-----END PRIVATE KEY-----
', '2026-11-28 18:45:23.188+00');
INSERT INTO public.statements VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'recorded.example.com', 'head', 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1oZWFkK2p3cyJ9.eyJhY2NvdW50cyI6NCwiYnVja2V0cyI6IjQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trdVVjd3R5RDNUZjJ6bXdpenMwS2F6T093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2tUOEZQcnhxVkwyZ0VrS0NUMW51aGFPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazEydVhtRlEycHk0b2ZyUEpkWlhSQU9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s3eW9COUEzQm53cnpOZzJobm95dk91T3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpPT3d4RUtZX0J3VW12djB5Smx2dVNUanNNUkNtUHdjRkpyNzlNaVpiN2trNDdERVFwajhIQlNhLV9USW1XLTVKT093eEVLWV9Cd1VtdnYweUpsdnVTVGpzTVJDbVB3Y0ZKcjc5TWlaYjdrazQ3REVRcGo4SEJTYS1fVEltVy01Sk9Pd3hFS1lfQndVbXZ2MHlKbHZ1U1Rqc01SQ21Qd2NGSnI3OU1pWmI3a2s0N0RFUXBqOEhCU2EtX1RJbVctNUpBIiwiY3JlZGVudGlhbHMiOjQsImZvcmVzdCI6InJlY29yZGVkLmV4YW1wbGUuY29tIiwic2VxdWVuY2UiOjE3OTU4OTE1NTc1NjgwMDAsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInRpbWUiOiIyMDI2LTExLTI4VDE4OjQ1OjU3LjU2OFoiLCJ2ZXJzaW9uIjoxfQ.5pfWdfRKEfr7YRd6eGK5sxpjJLCX7z95MLhgrUhVRt6GsXT5FQojILbnpPwjAACtGTqz9GOmB9JxKMrw82MgCw', '2026-11-28 18:45:57.583+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'recorded.example.com', 'receipt', 'eyJhbGciOiJFZERTQSIsImtpZCI6IlFUUk5QQzNKWlRLSjVZSlIiLCJ0eXAiOiJjYXVzZXdheS1yZWNlaXB0K2p3cyJ9.eyJhY2NvdW50cyI6NCwiYWxhcm1TaW5jZSI6bnVsbCwiY29tcGxldGVBc09mIjoiMjAyNi0xMS0yOFQxODo0NTo1NC41MjVaIiwiY3JlZGVudGlhbHMiOjQsImRpZmZlcmluZyI6W10sImVudHJpZXMiOltdLCJmb3Jlc3QiOiJyZWNvcmRlZC5leGFtcGxlLmNvbSIsImhlYWRTZXF1ZW5jZSI6MTc5NTg5MTU1NDUyNTAwMCwiaGVhZFRpbWUiOiIyMDI2LTExLTI4VDE4OjQ1OjU0LjUyNVoiLCJsaXN0ZWQiOjAsIm5vdFdyaXR0ZW4iOltdLCJzZXF1ZW5jZSI6MTc5NTg5MTU1NTQ5OTAwMCwidGVuYW50IjoiMzc4YTk4MDktZjA4ZC00OWRlLWIzZmEtMTQ3NTA0ZDQ1ODRjIiwidGltZSI6IjIwMjYtMTEtMjhUMTg6NDU6NTUuNDk5WiIsInZlcnNpb24iOjF9.iC-S4TVZvhSJtHuvTrUBW-9IWB6pZMWXhzWlGwrobl6RnqNtNtCnr2Tnv181vYx254zu_fKez2mqSj0WpzsDBA', '2026-11-28 18:45:55.825+00');
INSERT INTO public.tenants VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'contoso', '{"jwks": {"keys": [{"d": "Aa31YhX8bAAE05l6v0Gde-JS4mPFHGa6npBmdmhzZYNMQCtx7bsA2yJcw8sNXV0RcWYcZQSg2BiGkp44Q-10y3vddg9aZUNcjRAUcrLQlUJnmnmcWqWOthxy0LggcM4b6RYnYW8pRhMaA6YVR1Jpnq_Bgvw2NzPITttVis-i8DydO9op9RPh_83oam6KcZQeLrDny4ZMT-JSt7AKByqQiJJyEQDhDB-67y9hEFFe1UeK8rMPWGp16bCPFyaDDMq2kNDwV7753fbIGYnfsHXRdBBthI_cZuS_RZ5tBbPkNUkF2TkR_ZfbQMQjhGOHfQ1CRElphB6aQSBuK2eBE5q9Hw", "e": "AQAB", "n": "thv7AF497ei6uBxcg5UfzE-w774bRvDoY6vr4cLk7TfjoAUPHDO5r0sSOrrh7Nz5w1_gvrPRU2pp4b4jaX3BrlcICCoGreigWDvvpgbUrussA5OpxWpplTRGzY6wKmRKyh-B72KtGfqYwt8lAO2VcGoqYAcGURd2U1oTDkwIvjdy3rFaKde2T6cPJXM9tSn81e-A4qn6SJQRo1cyhHdSG39wSG_G9UCvEq6GZuG2cRAm1AM8bCpTDnbSQuAzNUQyXuNS3hDasJrdWhNpxZJsLW3CaPm01lq9SJXXesyVYD4QwkxuKTCX-kuItRb0gwxAbe-EAR-TEQ7qrtG8h_ziSQ", "p": "3SBudY2WG2uaLYlfhD6pgulK9-v_3paI86GFsSJAr9nV3SFBRxjbPo9W213_hkP30QcxTD3xUE4rmYmFT4q7BaidNTyAmNos6ELdzHGhoaT0eeNC8aGNz9T04x_CSuYEt3FzdcDIHiWkQ_UqFv1Nw7Oh3ZwhBwis_DHo3ZG5gJM", "q": "0tRL3jyBVQpvzLp6A6m1V2OB6HQbtBxP5m_Qnahmr8jdBpL_K9nqpvEaaNAsOmyhYr70KUFZHBmkHMd3xLNA8HE3y2bIq8gc1oI7Eq_6FJ8q3DrIGCIVyd2T4P9QcQr6dgdt96_faRClpl1ypK8t5B5QeGCtEW7_XVjuuipSxzM", "dp": "P2wm4maKsDCrlvX4xGhonBinnPY-fCw2-ZHRU53cadOT6Im6PFcfwxC_u8l5GZxy_qwOcqytgvf4v1_XMZo7zAKxnGxPAghJqxBKp3HMBx3V1QPe1okcsIiG-IHKa0sP_UF3-UUi4KqxM6CkwtVCMaha-8HlIyxU2TzDapF6YCs", "dq": "oZZhR8XsAnfrVGigV-pcuMvlp3pGOXdxrdaJeCy394bmEMHdnYh6FtW4Phk_rM_RqdNdY7lYSPdGF2CyZSpWXXMJJnZy22aW47oQ-LOz4tZTjVPoRMbrGDshulM1Hk8hxBDRsgM0IlzF-Yqp8Zrqe2rYlkrSmwgN5UfiQQFrTI0", "qi": "VfU67jLyRM_Y5Gogl6h0nERBFNgWdhFtQnhfDExYnGkclPJWbaV2k4-8NY7G_oqOh_VTpEmJNjDoeRM6JS_X8CZ5SR8txlfg4LWchR4BhlL6Ak8WTMRhKpGkUQ84JoPKoqwNGOYZyFmtX7WPPlgZrJyD8RXWdrnUGYHk9dfpIBg", "alg": "RS256", "kid": "a8b1bedb-465f-422f-bb51-0e7aa8a5eac0", "kty": "RSA", "use": "sig"}]}, "cookieKey": "ox7oai98og0cgB1kFMrMvfJtjMvVoCLLkPqEZ7gtY9I", "digestKey": "FMdzzbLfVEdVlrUYcMZBpcKncQshWg070gn55Ow-bK0"}', '2026-11-28 18:45:23.175+00');
INSERT INTO public.tokens VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ddf2f1583284ba2037fa71c7817faf0a538556fceebb3b724315661f84a427df', '19a8bb12-0300-4eff-b3e0-c2ab581db2f2', '2026-11-28 18:45:23.193+00', '2027-02-26 18:45:23.193+00', '4837c881-0ac9-4845-991a-f5b55246d6c5');
INSERT INTO public.users VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', '19a8bb12-0300-4eff-b3e0-c2ab581db2f2', 'cloud', NULL, NULL, NULL, 'admin@contoso.example', 'ADMIN@CONTOSO.EXAMPLE', NULL, NULL, true, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": "admin", "telephoneNumber": null}', true, 1795891537568000, 'eyJhbGciOiJFZERTQSIsImtpZCI6IkxYVllBSUFPQkNERDVYVUgiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6ZmFsc2UsImVuYWJsZWQiOmZhbHNlLCJmb3Jlc3QiOiIoY2xvdWQtb25seSkiLCJvYmplY3RHdWlkIjoiMTlhOGJiMTItMDMwMC00ZWZmLWIzZTAtYzJhYjU4MWRiMmYyIiwib2JqZWN0U2lkIjpudWxsLCJzQU1BY2NvdW50TmFtZSI6ImFkbWluIiwic2VxdWVuY2UiOjE3OTU4OTE1Mzc1NjgwMDAsInNvdXJjZUFuY2hvciI6IjE5YThiYjEyLTAzMDAtNGVmZi1iM2UwLWMyYWI1ODFkYjJmMiIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInVzZXJQcmluY2lwYWxOYW1lIjoiYWRtaW5AY29udG9zby5leGFtcGxlIiwidmVyc2lvbiI6Mn0.Ak-kiBDsC8zolyT8ffkNNVoU1TLe5AexIpn3YKn9hk2NaOoVF1huH7CAOi07u5mxgOYwV8mibG-_t8hSHgLSCw', '2026-11-28 18:45:37.57+00', 'v1;PPH1_MD4,2f512deba330912b4422,1000,0c21255f171c583bfe60db004747ce442248ea812c3ad9a6f85c8d92e01c52a2;', '2026-11-28 18:45:23.183+00', '2026-11-28 18:45:23.183+00', 1, 13440365123, '378a9809-f08d-49de-b3fa-147504d4584c', NULL, NULL, NULL, 2, '2026-11-28 18:45:23.183+00', NULL, NULL, NULL, NULL, NULL, NULL, 'applied', 'machine-name: machines treat the name as special: the account has five digits more (admin)', 'admin', false, 2, NULL, 'admin@contoso.example', 'ADMIN@CONTOSO.EXAMPLE', 1, NULL, NULL, 0, NULL),
	('378a9809-f08d-49de-b3fa-147504d4584c', '430ce96a-1e7f-4da2-a8e0-1d85eba78245', 'cloud', NULL, NULL, NULL, 'olga@contoso.example', 'OLGA@CONTOSO.EXAMPLE', NULL, NULL, true, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": "olga", "telephoneNumber": null}', false, 1795891541705000, 'eyJhbGciOiJFZERTQSIsImtpZCI6IkxYVllBSUFPQkNERDVYVUgiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6ZmFsc2UsImVuYWJsZWQiOnRydWUsImZvcmVzdCI6IihjbG91ZC1vbmx5KSIsIm9iamVjdEd1aWQiOiI0MzBjZTk2YS0xZTdmLTRkYTItYThlMC0xZDg1ZWJhNzgyNDUiLCJvYmplY3RTaWQiOm51bGwsInNBTUFjY291bnROYW1lIjoib2xnYSIsInNlcXVlbmNlIjoxNzk1ODkxNTQxNzA1MDAwLCJzb3VyY2VBbmNob3IiOiI0MzBjZTk2YS0xZTdmLTRkYTItYThlMC0xZDg1ZWJhNzgyNDUiLCJ0ZW5hbnQiOiIzNzhhOTgwOS1mMDhkLTQ5ZGUtYjNmYS0xNDc1MDRkNDU4NGMiLCJ1c2VyUHJpbmNpcGFsTmFtZSI6Im9sZ2FAY29udG9zby5leGFtcGxlIiwidmVyc2lvbiI6Mn0.6hBbNBMFk3x36KOAQ19wseuiScRE2U-tkuIEYhuWaaQdUfMF-9_OlRHT6YLsAyIic95vQHuH1FiVVNAifvJLBQ', '2026-11-28 18:45:41.706+00', 'v1;PPH1_MD4,d5db75ac30bfde4abce7,1000,422f228f0b7dd433c2f6279351ff5cd86ac2ce82b7bc18c7fac91e629681d0e0;', '2026-11-28 18:45:41.69+00', '2026-11-28 18:45:41.69+00', 2, 13440365141, '378a9809-f08d-49de-b3fa-147504d4584c', 1795891541700000, 'eyJhbGciOiJFZERTQSIsImtpZCI6IkxYVllBSUFPQkNERDVYVUgiLCJ0eXAiOiJjYXVzZXdheS1jcmVkZW50aWFsK2p3cyJ9.eyJjb3VudGVyIjowLCJlbmNhcHN1bGF0aW9uRGlnZXN0IjoiemRmdlhENW1wS0NGc2UyMWZDNWVaREtvUDJicUNYZDE1Umg0RnI5b2dRQSIsImZvcmVzdCI6IihjbG91ZC1vbmx5KSIsIm11c3RDaGFuZ2UiOmZhbHNlLCJvYmplY3RHdWlkIjoiNDMwY2U5NmEtMWU3Zi00ZGEyLWE4ZTAtMWQ4NWViYTc4MjQ1IiwicGFzc3dvcmRPcmRlciI6eyJvcmlnaW5hdGluZ0ludm9jYXRpb25JZCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsIm9yaWdpbmF0aW5nVGltZSI6MTM0NDAzNjUxNDEsInZlcnNpb24iOjJ9LCJyZWNpcGllbnRLZXlJZCI6IktNSTRTVE1QWkhHTlVTVkoiLCJzZWFsZWQiOiJRMmNUd2w5bDUwRG9SVERTZzd1cjJ4SHF1cy1uUHpQOXNnb0ZnWlJaWHJJN0Fvb2JkNl9aSjFvTHlfd29uMUwyWFhmeTgtSTEzSGthZ2RRZzhWQUMtZEdlRHZmODNDREU0Wm1BVm85czNaMlNMdjM5ckFjOHFMVzg4THJXNmI1R2FwaHVwM0JZdGczZXdFTW92eW05NEYwYUNwdFBKR0ItZGV0b3pLNDhfZGpYQndsQ1RUbU1NazdXYW5ESVdCcnpNRDhKYzRfY0pjSjA5S1RiRlBUTjBjVDFKSmkwSC1hTFF3N0dPcjZUYnhVblVHbjRESkttZVVudzZlWS1rdFppbktZWHY3dko2MTZaaHlhbTFtTWMzWENVQkVRcnhvdWNpbmJjVEVMRVFublFGS3VsWmEtVlQ2SzFFWFo0V0hKdldsUUFtUDJDX2lWUF9QSm04dDdFS01VT2x5MzNmLTdBalV4RzlKYUoxMk1pM2hDYUFOc1d5Vy1yOE1EQU9GaE9Oa0Q1MVZHc1owVHhpVDdBaFc4d0ZpMTlVRWVFYzVEWVVVQXZFQ0lYUUpESHBzZXIxeGNnU1JIaUNLSnp4UjJuRHlRWU85V2F1cWZiSlZDeHNKY21UbDRXaExTSXUyWGpaZWJtVXVhbFBYR3BDXzJEelBlWlVIUGFUd0JyaXFIek1QZlVBTEhUanA1cHdPbnQ0eWkyUUFrbEZwNU1MWGJkQ2FTSjhZMHFzZlNyNE5RNFd6X0ZIRzNuQ2JWbzVieW1FSW5uWHhXRDgxUGI2MDNfbVFoWGFzMXhIU2IzNWg3bzBWejFaN1l0a0IxRnVNNlVlYks5b0Q0TEJ5THdCZnd1OXdiSk14RDZoMVM1OWJNaG5KQWMtRC1NOHhMbnUxV054YzNaNmhVTlktdThiTUZsd1djRTUydDBGQ3NYOWRsUiIsInNlcXVlbmNlIjoxNzk1ODkxNTQxNzAwMDAwLCJzb3VyY2VBbmNob3IiOiI0MzBjZTk2YS0xZTdmLTRkYTItYThlMC0xZDg1ZWJhNzgyNDUiLCJ0ZW5hbnQiOiIzNzhhOTgwOS1mMDhkLTQ5ZGUtYjNmYS0xNDc1MDRkNDU4NGMiLCJ2ZXJzaW9uIjoyfQ.q0lC8SgKwoRRAL3mFEhX2Pqek3f6Hz15SX62Fyzi-vngkhu76LWG_F2mF4wV6pxh1yGwVS8jX-NyoFV4FvOhCA', '2026-11-28 18:45:41.705+00', 4, '2026-11-28 18:45:41.638+00', NULL, 1795891541700000, 'applied', NULL, '2026-11-28 18:45:43.89+00', '2026-11-28 18:45:43.89+00', 'applied', NULL, 'olga', false, 4, 4, 'olga@contoso.example', 'OLGA@CONTOSO.EXAMPLE', 3, NULL, NULL, 1, NULL),
	('378a9809-f08d-49de-b3fa-147504d4584c', '99a4b99d-3b23-5bc7-addf-7c19cb20f81b', 'synchronized', 'recorded.example.com', 'ljziJa4JGk6AeYOaunPPEA==', '25e23c96-09ae-4e1a-8079-839aba73cf10', 'alice@recorded.example.com', 'ALICE@RECORDED.EXAMPLE.COM', 'alice', 'S-1-5-21-3743260896-3043503185-1605942545-1123', true, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": null, "telephoneNumber": null}', false, 1795891542527000, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6ZmFsc2UsImVuYWJsZWQiOnRydWUsImZvcmVzdCI6InJlY29yZGVkLmV4YW1wbGUuY29tIiwib2JqZWN0R3VpZCI6IjI1ZTIzYzk2LTA5YWUtNGUxYS04MDc5LTgzOWFiYTczY2YxMCIsIm9iamVjdFNpZCI6IlMtMS01LTIxLTM3NDMyNjA4OTYtMzA0MzUwMzE4NS0xNjA1OTQyNTQ1LTExMjMiLCJzQU1BY2NvdW50TmFtZSI6ImFsaWNlIiwic2VxdWVuY2UiOjE3OTU4OTE1NDI1MjcwMDAsInNvdXJjZUFuY2hvciI6ImxqemlKYTRKR2s2QWVZT2F1blBQRUE9PSIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInVzZXJQcmluY2lwYWxOYW1lIjoiYWxpY2VAcmVjb3JkZWQuZXhhbXBsZS5jb20iLCJ2ZXJzaW9uIjoxfQ.SFjgNpIYTsAE6UGelKfiH2DcWAdKz7jBDWjxFHEMMJlCHwQBUWQhCMO2HC9hx_B5LyT1ZBme7RvVfpE6nPFIDg', '2026-11-28 18:45:42.642202+00', 'v1;PPH1_MD4,0db07cef9be06d61d64b,1000,7e924aae2cc5b6f2f1cc33b4e725a54bdfc9232ff079c55a516852131bf8dfb2;', '2026-11-28 18:45:43.961+00', '2026-11-28 18:45:44.193451+00', 2, 13440365143, 'c3ad555d-8b48-489c-b7f7-3c35d2a3a21c', 1795891544184000, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1jcmVkZW50aWFsK2p3cyJ9.eyJjb3VudGVyIjowLCJlbmNhcHN1bGF0aW9uRGlnZXN0IjoiUlJQT1NEZmNobGlGOHNPUUJMUVNmeXRxVk5vSjdxVW50Vmt5eS1zUnBiSSIsImZvcmVzdCI6InJlY29yZGVkLmV4YW1wbGUuY29tIiwibXVzdENoYW5nZSI6ZmFsc2UsIm9iamVjdEd1aWQiOiIyNWUyM2M5Ni0wOWFlLTRlMWEtODA3OS04MzlhYmE3M2NmMTAiLCJwYXNzd29yZE9yZGVyIjp7Im9yaWdpbmF0aW5nSW52b2NhdGlvbklkIjoiYzNhZDU1NWQtOGI0OC00ODljLWI3ZjctM2MzNWQyYTNhMjFjIiwib3JpZ2luYXRpbmdUaW1lIjoxMzQ0MDM2NTE0MywidmVyc2lvbiI6Mn0sInJlY2lwaWVudEtleUlkIjoiS01JNFNUTVBaSEdOVVNWSiIsInNlYWxlZCI6ImsxazRsd2RzQkIxV0RHYS15c1BQQl81dDdoeU5qeDRwNDdjRDFKVTN3aTJNeU9ibDgtYzBVVnBCVzVsc3ZqR3cxYUMtaks0TUJaTlJ4SzJmWEFEZjhiOGhGZWNtZDBGdk41Z0M3UWlmZDdwSTdMR3R6bkw5aHdyWnowZXFkQW1PTFJjek1OcGJzZlEwM0hmTDFPOWkyb2lIUmVaaWF4Qkp3cWIxZ0gtOW9NOHB4SlozdUhid0F0UWVfTjByQWhBbFllemNjbHk5M3FjYTktZ2pGTU8xWTc3aWY4X3IyQlJ3SVY4SzBISHN3RWRyVG1RUTBiVVVCSVp1WkZibk1nQUlhZ3JUUlMwWjlqZkZaRlZ0ZDNITU9IcHZHZHNNc3h2SzZOdjJ1eDRtelZvYVQ1OWRsZUxaYVJNa3ZSX0ZMd0c3RnBKTE1uT3AyQkMzMm9PN2prMGItWDR1R1BqMmJJb29iZ01vZnZwQUV4U1BhdFg3amVwYmNEVjVrZnhIeDZPc2tPSG8za19mdmNER05FcU8xN1ltVFctQkxUNXo3bDVxQVFFZWpxeFJ3dDU5TWhmVFdzand5ejZkTUdLR2sxQ3dkWVkzUzh5Q3gtM0NYUTJmcVFKVmVMcFdlRFhaZHg2QkpqaFdySVYzeFZNMEYxQkJ6UmhSOG0tamdZbXhqUkgtTlRfVmJTVnc4UjJUX21KN3pLWUZNaGlHdlQ3aWlfRlppbEtscHFmdmJCNEwwZXZuTWdkMWU4ZXdzNzVKZWhhRXpuazFNcDVfUTgzakJFM3ZFb1hSUkEyOWZwSUsyTmVGcjh2bnY3SktHMlJaU0FEd1AwbkxIYTBVM2dVd01jOUFVTHVtQklYVF9FaHNRRUktTF9QaVYzbVUzY0xEMFZoZU1nZzZTRWhBYWh4Z3lCVkF6NVk5MWJDWTZyZ2lOVGFzIiwic2VxdWVuY2UiOjE3OTU4OTE1NDQxODQwMDAsInNvdXJjZUFuY2hvciI6ImxqemlKYTRKR2s2QWVZT2F1blBQRUE9PSIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInZlcnNpb24iOjJ9.RYc9xyMbL1ToWXe_V7zD5VzCF4YQWrjUWK7PzXxN46zgAJM2snZBdxnQgJdnrEoqwRIF6aE_fB-1wuZ9tm8QAA', '2026-11-28 18:45:44.193451+00', 15, '2026-11-28 18:45:42.642202+00', NULL, 1795891544184000, 'applied', NULL, '2026-11-28 18:45:44.213+00', '2026-11-28 18:45:44.213+00', 'unchanged', NULL, NULL, false, 15, 15, 'alice@recorded.example.com', 'ALICE@RECORDED.EXAMPLE.COM', 5, NULL, 1795891544184000, 2, NULL),
	('378a9809-f08d-49de-b3fa-147504d4584c', '4e09e0a0-bc38-54c0-84ae-64cddb4ee871', 'synchronized', 'recorded.example.com', 'yVS/fXpkCkGsO3N75ULxfQ==', '7dbf54c9-647a-410a-ac3b-737be542f17d', 'dave@recorded.example.com', 'DAVE@RECORDED.EXAMPLE.COM', 'dave', 'S-1-5-21-3743260896-3043503185-1605942545-1126', true, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": null, "telephoneNumber": null}', false, 1795891542527004, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6ZmFsc2UsImVuYWJsZWQiOnRydWUsImZvcmVzdCI6InJlY29yZGVkLmV4YW1wbGUuY29tIiwib2JqZWN0R3VpZCI6IjdkYmY1NGM5LTY0N2EtNDEwYS1hYzNiLTczN2JlNTQyZjE3ZCIsIm9iamVjdFNpZCI6IlMtMS01LTIxLTM3NDMyNjA4OTYtMzA0MzUwMzE4NS0xNjA1OTQyNTQ1LTExMjYiLCJzQU1BY2NvdW50TmFtZSI6ImRhdmUiLCJzZXF1ZW5jZSI6MTc5NTg5MTU0MjUyNzAwNCwic291cmNlQW5jaG9yIjoieVZTL2ZYcGtDa0dzTzNONzVVTHhmUT09IiwidGVuYW50IjoiMzc4YTk4MDktZjA4ZC00OWRlLWIzZmEtMTQ3NTA0ZDQ1ODRjIiwidXNlclByaW5jaXBhbE5hbWUiOiJkYXZlQHJlY29yZGVkLmV4YW1wbGUuY29tIiwidmVyc2lvbiI6MX0.nsKX8ZseAmRuY6Qcz3Jkt0fDZFzxXom9-eJMBRDtAliOviT2aJsYrnJKSeBrhmNZUaqOrn71hx9jHifNiOiRDQ', '2026-11-28 18:45:42.642202+00', NULL, NULL, NULL, 2, 13440365144, 'c3ad555d-8b48-489c-b7f7-3c35d2a3a21c', 1795891544827000, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS13aXRoZHJhd2FsK2p3cyJ9.eyJmb3Jlc3QiOiJyZWNvcmRlZC5leGFtcGxlLmNvbSIsIm9iamVjdEd1aWQiOiI3ZGJmNTRjOS02NDdhLTQxMGEtYWMzYi03MzdiZTU0MmYxN2QiLCJwYXNzd29yZE9yZGVyIjp7Im9yaWdpbmF0aW5nSW52b2NhdGlvbklkIjoiYzNhZDU1NWQtOGI0OC00ODljLWI3ZjctM2MzNWQyYTNhMjFjIiwib3JpZ2luYXRpbmdUaW1lIjoxMzQ0MDM2NTE0NCwidmVyc2lvbiI6Mn0sInJlYXNvbiI6Im11c3QtY2hhbmdlIiwic2VxdWVuY2UiOjE3OTU4OTE1NDQ4MjcwMDAsInNvdXJjZUFuY2hvciI6InlWUy9mWHBrQ2tHc08zTjc1VUx4ZlE9PSIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInZlcnNpb24iOjF9.mAnBTpi5DU18vQTgBqOXrp8kcBAlg1-Ch_ew_xYaqQB-n0PCp4yF1brkz0SSkzmUbmWyQ-UFUD9CFqs5JosUDA', '2026-11-28 18:45:44.834502+00', 17, '2026-11-28 18:45:42.642202+00', NULL, 1795891544827000, 'applied', NULL, '2026-11-28 18:45:44.849+00', '2026-11-28 18:45:44.849+00', 'unchanged', NULL, NULL, false, 17, NULL, 'dave@recorded.example.com', 'DAVE@RECORDED.EXAMPLE.COM', 9, NULL, 1795891544827000, 2, NULL),
	('378a9809-f08d-49de-b3fa-147504d4584c', '1534c8d9-7740-56bb-a0a8-a740333d5653', 'synchronized', 'recorded.example.com', 'LtGcPzglQESB71x4E4O6EQ==', '3f9cd12e-2538-4440-81ef-5c781383ba11', 'carol@recorded.example.com', '1534C8D9-7740-56BB-A0A8-A740333D5653', 'carol', 'S-1-5-21-3743260896-3043503185-1605942545-1125', false, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": null, "telephoneNumber": null}', false, 1795891545408000, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6dHJ1ZSwiZW5hYmxlZCI6ZmFsc2UsImZvcmVzdCI6InJlY29yZGVkLmV4YW1wbGUuY29tIiwib2JqZWN0R3VpZCI6IjNmOWNkMTJlLTI1MzgtNDQ0MC04MWVmLTVjNzgxMzgzYmExMSIsIm9iamVjdFNpZCI6IlMtMS01LTIxLTM3NDMyNjA4OTYtMzA0MzUwMzE4NS0xNjA1OTQyNTQ1LTExMjUiLCJzQU1BY2NvdW50TmFtZSI6ImNhcm9sIiwic2VxdWVuY2UiOjE3OTU4OTE1NDU0MDgwMDAsInNvdXJjZUFuY2hvciI6Ikx0R2NQemdsUUVTQjcxeDRFNE82RVE9PSIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInVzZXJQcmluY2lwYWxOYW1lIjoiY2Fyb2xAcmVjb3JkZWQuZXhhbXBsZS5jb20iLCJ2ZXJzaW9uIjoxfQ.e2-HvhttzQO6RJuGOi9jLKHhGhaTjwMjUtVPpNk4hw5mYVR9LsNn0Y-0yftVXCc2QbZHUTCgU3N1wmvIYv7nAA', '2026-11-28 18:45:45.416666+00', NULL, NULL, NULL, 1, 13440365121, 'c3ad555d-8b48-489c-b7f7-3c35d2a3a21c', NULL, NULL, NULL, 19, '2026-11-28 18:45:42.642202+00', '2026-11-28 18:45:45.416666+00', NULL, NULL, NULL, NULL, NULL, 'applied', NULL, NULL, false, 19, NULL, NULL, 'CAROL@RECORDED.EXAMPLE.COM', 6, NULL, 1795891542834002, 3, NULL),
	('378a9809-f08d-49de-b3fa-147504d4584c', '9788d6ea-e09f-56ef-a68f-991a6e9233ea', 'synchronized', 'recorded.example.com', 'hUIjVj0ywkWvfNxeXlwmlg==', '56234285-323d-45c2-af7c-dc5e5e5c2696', 'erin@recorded.example.com', 'ERIN@RECORDED.EXAMPLE.COM', 'erin', 'S-1-5-21-3743260896-3043503185-1605942545-1127', false, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": null, "telephoneNumber": null}', false, 1795891545106000, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6ZmFsc2UsImVuYWJsZWQiOmZhbHNlLCJmb3Jlc3QiOiJyZWNvcmRlZC5leGFtcGxlLmNvbSIsIm9iamVjdEd1aWQiOiI1NjIzNDI4NS0zMjNkLTQ1YzItYWY3Yy1kYzVlNWU1YzI2OTYiLCJvYmplY3RTaWQiOiJTLTEtNS0yMS0zNzQzMjYwODk2LTMwNDM1MDMxODUtMTYwNTk0MjU0NS0xMTI3Iiwic0FNQWNjb3VudE5hbWUiOiJlcmluIiwic2VxdWVuY2UiOjE3OTU4OTE1NDUxMDYwMDAsInNvdXJjZUFuY2hvciI6ImhVSWpWajB5d2tXdmZOeGVYbHdtbGc9PSIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInVzZXJQcmluY2lwYWxOYW1lIjpudWxsLCJ2ZXJzaW9uIjozfQ.-AtIl-i6PrFSxjsx-WpOJyRJGGZrYI8rd4MysreqBI2B-ohz-MFPxZJNwnN767vYH_coZZdxQPWHi5qJl7I7Dg', '2026-11-28 18:45:45.113731+00', 'v1;PPH1_MD4,b3e169a5d5c53c284063,1000,85ba3b912358465af0f46072747574c09098c950973b606110a57543172ba2ed;', '2026-11-28 18:45:21.689+00', '2026-11-28 18:45:42.851026+00', 1, 13440365121, 'c3ad555d-8b48-489c-b7f7-3c35d2a3a21c', 1795891542834004, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1jcmVkZW50aWFsK2p3cyJ9.eyJjb3VudGVyIjo0LCJlbmNhcHN1bGF0aW9uRGlnZXN0IjoieTVqUTZOc3gwTjFtTldtQjA1NlkzVmMzSHQ1R1dkYk1raV9sdklEYTgybyIsImZvcmVzdCI6InJlY29yZGVkLmV4YW1wbGUuY29tIiwibXVzdENoYW5nZSI6ZmFsc2UsIm9iamVjdEd1aWQiOiI1NjIzNDI4NS0zMjNkLTQ1YzItYWY3Yy1kYzVlNWU1YzI2OTYiLCJwYXNzd29yZE9yZGVyIjp7Im9yaWdpbmF0aW5nSW52b2NhdGlvbklkIjoiYzNhZDU1NWQtOGI0OC00ODljLWI3ZjctM2MzNWQyYTNhMjFjIiwib3JpZ2luYXRpbmdUaW1lIjoxMzQ0MDM2NTEyMSwidmVyc2lvbiI6MX0sInJlY2lwaWVudEtleUlkIjoiS01JNFNUTVBaSEdOVVNWSiIsInNlYWxlZCI6Im13Z0xQUDRUbmszMDlQQ0ZacHpLRWRnU0k3ZE5DZHZKRFowSGVfWjJVZzc4c2NhN2x4bEE5VXVXajRmWk94enRGYm5yTnRlV3hlX092VHVTMmpxUnFyVF9HMzUzcWZuVGFVVllobWVzVjUxWWhpaVhVZVY4Z3IzZ05FWXduSlF0cWtncWpaZ2ZvejhPMGNfQ0pjeGQxRURZUjlMLWJyVl9wVlRMcUFEbUR3QnRYRUhqSllsUlNxbTUtOWVDRnhsSnZjb0J4TE8xcnZFWmpIQnF0R2t5dHdaZ1NVb01Ibm8xNTBiN3FWSzFYMzBUbnlFQ21sdEhuVlJGNGhYZ0VIMG5Jdms1VFhWRERBbklWZTFRM3JzWUNXVldsWHU5elR6YTAyWkg1REozbVNfdVowbzhIQzdnTEJqNVNYVnNnekItWUZfc0NsMFFBakRjVjVMSGo0VGJiYUZQRVlnMHMxR0F6UHlZNkJLUGF0SVdOSTVLSHBvZThqbmVvR0tsMm0zU0E4eUxSTlE2bTdRRFhoSXp0WU1ZNWYtM1hwVy1Td3Z5bFhzdl9iMmFTdnZsbzNpWEptOFkyOWlFYmdWRkpxd0pXZjRrNzB2NlY3SDJ2ZUJ0cWkxQW5mdFhZczYxMmpDX0hBX2VZbUdCbkpoVmRzMW9Xdi1aWjdiX05TdFhtek9rek40NmZQR1k5TGQ4OHVQdUIzcFFzcFVDRFJ1dTdUNVpZV0pwUzFhenZDbmFZc002QVp5eHJXWDQ4dDM3U2sxQ1QzN2MtSjlVX2xneG42bzNQSmROMHhxVUZEbWNJR0pOcDFmamJUU1RiQkkyMFh0djVGRy14bGRlVG9MQ1FWbVZzSV9uM1ZIX1BTdld5b2FTMDh0Q252SnBnOTYza1Y5Ml9hVlJjWG4zM1poWkw4U1FaSW5KRUwwc0JyQTVKOXRkIiwic2VxdWVuY2UiOjE3OTU4OTE1NDI4MzQwMDQsInNvdXJjZUFuY2hvciI6ImhVSWpWajB5d2tXdmZOeGVYbHdtbGc9PSIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInZlcnNpb24iOjJ9.Ywqu0Epkc4hZGIU76v_0EEuuMwweUAverxlbtptMENVMnRl_JDTUNawAxZuPmeAk9LfJjKNBgMoUW_NfTqUnDw', '2026-11-28 18:45:42.851026+00', 18, '2026-11-28 18:45:42.642202+00', NULL, 1795891542834004, 'unchanged', NULL, '2026-11-28 18:45:43.851+00', '2026-11-28 18:45:43.89+00', 'applied', 'no-name: the record says no name that can be written (userPrincipalName)', NULL, false, 18, 10, 'erin@recorded.example.com', NULL, 18, 'invalid: userPrincipalName ''erin@recorded.example.com'' cannot be read any more', 1795891542834004, 2, NULL),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'a1dac9a5-377f-534f-b113-2378d26aa604', 'synchronized', 'recorded.example.com', '3CvRS5EKS0msuJ6sdaGjvA==', '4bd12bdc-0a91-494b-acb8-9eac75a1a3bc', 'bob@recorded.example.com', 'BOB@RECORDED.EXAMPLE.COM', 'bob', 'S-1-5-21-3743260896-3043503185-1605942545-1124', false, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": null, "telephoneNumber": null}', false, 1795891544478000, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6ZmFsc2UsImVuYWJsZWQiOmZhbHNlLCJmb3Jlc3QiOiJyZWNvcmRlZC5leGFtcGxlLmNvbSIsIm9iamVjdEd1aWQiOiI0YmQxMmJkYy0wYTkxLTQ5NGItYWNiOC05ZWFjNzVhMWEzYmMiLCJvYmplY3RTaWQiOiJTLTEtNS0yMS0zNzQzMjYwODk2LTMwNDM1MDMxODUtMTYwNTk0MjU0NS0xMTI0Iiwic0FNQWNjb3VudE5hbWUiOiJib2IiLCJzZXF1ZW5jZSI6MTc5NTg5MTU0NDQ3ODAwMCwic291cmNlQW5jaG9yIjoiM0N2UlM1RUtTMG1zdUo2c2RhR2p2QT09IiwidGVuYW50IjoiMzc4YTk4MDktZjA4ZC00OWRlLWIzZmEtMTQ3NTA0ZDQ1ODRjIiwidXNlclByaW5jaXBhbE5hbWUiOiJib2JAcmVjb3JkZWQuZXhhbXBsZS5jb20iLCJ2ZXJzaW9uIjoxfQ.k6HuKWN4xOZEPB16xLX1qz2ofGUaMDZg5o7sIdYu4kVyQUc54A1HOb4WGywHkuTxhFnvU3hW2BFTF6XM16isCw', '2026-11-28 18:45:44.492055+00', 'v1;PPH1_MD4,1d393f28c09e024cf2e4,1000,a8dece7d9b1db79251b2bbb8f79089acb1dc8753849f1eb4d038873b57de5b3c;', '2026-11-28 18:45:21.339+00', '2026-11-28 18:45:42.851026+00', 1, 13440365121, 'c3ad555d-8b48-489c-b7f7-3c35d2a3a21c', 1795891542834001, 'eyJhbGciOiJFZERTQSIsImtpZCI6Ik5JUFhDN0hRUEJPVVlBRjMiLCJ0eXAiOiJjYXVzZXdheS1jcmVkZW50aWFsK2p3cyJ9.eyJjb3VudGVyIjoxLCJlbmNhcHN1bGF0aW9uRGlnZXN0IjoieTVqUTZOc3gwTjFtTldtQjA1NlkzVmMzSHQ1R1dkYk1raV9sdklEYTgybyIsImZvcmVzdCI6InJlY29yZGVkLmV4YW1wbGUuY29tIiwibXVzdENoYW5nZSI6ZmFsc2UsIm9iamVjdEd1aWQiOiI0YmQxMmJkYy0wYTkxLTQ5NGItYWNiOC05ZWFjNzVhMWEzYmMiLCJwYXNzd29yZE9yZGVyIjp7Im9yaWdpbmF0aW5nSW52b2NhdGlvbklkIjoiYzNhZDU1NWQtOGI0OC00ODljLWI3ZjctM2MzNWQyYTNhMjFjIiwib3JpZ2luYXRpbmdUaW1lIjoxMzQ0MDM2NTEyMSwidmVyc2lvbiI6MX0sInJlY2lwaWVudEtleUlkIjoiS01JNFNUTVBaSEdOVVNWSiIsInNlYWxlZCI6InJlRlo1QzhrZmRLZmJtWk1tcWhvalRVeVpmTHdQd1dBWmo1M2Eyd05FZ05lYy1uSnpHc05KTHN4V3ByU0p0UlVLZXdEVExoZHB0T09DcV9pOGNlUXJXcG9tMlJxNlZkR0pVSzR5bjFCRmIwWXdwSk1RYzlzbFRyeWhLVDRITGVGaXpPdl81Q21CcVFCT2EyQkJWTGJxeVZqTGYyeHl1RTlhcnJocThRdVdUX0VxOG5FNVhSaVdvcjQ2NFUyMkhXOFZYZkNJMkZXck9JSVNKa0EwMUdBak9MQVpYRzJTeXZvN2tENDhuMG1TeDdOVUdGX1l4SHEwR3BBOWZ3S2RLZW1mbjRmaGtzejZXNnVDX0U5V2FsYXd6TGdLcWtBbGZnVERMdEk5SG5hWkdXSnNpRDVvbDlZa2QwaU9feW1qSDF1YkFyQ2hJZ3JNaTNxSkRiNDJXUFVyUVpsZ3pYeG5mbTRidGZsSktpQ2pCMXhuM1pqWWs1UWplb2FMaFZMeU94eFVEQ1o3RDFuZUhUY29QRUFEc3JGYjFSQ055MUU0ZmFjU2ozZF9lM0JOZ1hYbDVpUWwzTTRLenZaNzV0SzZkamtjUVRrYWhOZkI4UkkxTEptZ09xM0hzVVBjTEN6bHplaDI0Sm1ONnM0Y1lQSWloa2FRTHdsTzRmUXZyMUNQVncxajc3dXlnUDNCanQyTE1OdG5neFNNNFNXbFJmQzAybVl5MXNVYm9KTE9CTXpFSWtuejJKeUIzSExoWndRUHZGNDVpSnFTNWVyQVVwWkstVW9YN1B6ekVQSXRHSk9DbHRWbm9zWFN2dU1sSXdIWDVSYThSZ2tqdll0ZGYtYzVTdVY1TTh2MklQZXRSZGxFQVlEVFBBcmVpQVdaRUJQWFl6UVdMZU96SjVxRTItWFVMaXpHV1dLVXdHMkxiMU55VUxCIiwic2VxdWVuY2UiOjE3OTU4OTE1NDI4MzQwMDEsInNvdXJjZUFuY2hvciI6IjNDdlJTNUVLUzBtc3VKNnNkYUdqdkE9PSIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInZlcnNpb24iOjJ9.y3XBxIowV8GMo7TOyUgn0o6HmBsKoggO4P06R9gf5if1Ww8BEezFSyyEGU_nz7JYEIEbbG8eyn9zsiUVZJeFCA', '2026-11-28 18:45:42.851026+00', 16, '2026-11-28 18:45:42.642202+00', NULL, 1795891542834001, 'unchanged', NULL, '2026-11-28 18:45:43.851+00', '2026-11-28 18:45:43.89+00', 'applied', NULL, NULL, false, 16, 10, 'bob@recorded.example.com', 'BOB@RECORDED.EXAMPLE.COM', 7, NULL, 1795891542834001, 2, NULL);
ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (tenant_id, client_id);
ALTER TABLE ONLY public.causeway_migrations
    ADD CONSTRAINT causeway_migrations_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.change_counters
    ADD CONSTRAINT change_counters_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.connect_statuses
    ADD CONSTRAINT connect_statuses_pkey PRIMARY KEY (tenant_id, forest);
ALTER TABLE ONLY public.encapsulations
    ADD CONSTRAINT encapsulations_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.enrolments
    ADD CONSTRAINT enrolments_code_digest_key UNIQUE (code_digest);
ALTER TABLE ONLY public.enrolments
    ADD CONSTRAINT enrolments_pkey PRIMARY KEY (tenant_id, code_digest);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_pkey PRIMARY KEY (tenant_id, group_name, user_id);
ALTER TABLE ONLY public.managed_domains
    ADD CONSTRAINT managed_domains_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.oidc_payloads
    ADD CONSTRAINT oidc_payloads_pkey PRIMARY KEY (tenant_id, model, id_digest);
ALTER TABLE ONLY public.reserved_names
    ADD CONSTRAINT reserved_names_pkey PRIMARY KEY (tenant_id, name_key);
ALTER TABLE ONLY public.seen_names
    ADD CONSTRAINT seen_names_pkey PRIMARY KEY (tenant_id, name_key, here, there);
ALTER TABLE ONLY public.sign_in_failures
    ADD CONSTRAINT sign_in_failures_pkey PRIMARY KEY (tenant_id, account_key, source);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.statements
    ADD CONSTRAINT statements_pkey PRIMARY KEY (tenant_id, kind, forest);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_name_key UNIQUE (name);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (tenant_id, digest);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id);
CREATE INDEX oidc_payloads_by_end ON public.oidc_payloads USING btree (tenant_id, expires_at);
CREATE INDEX oidc_payloads_by_grant ON public.oidc_payloads USING btree (tenant_id, grant_id);
CREATE INDEX oidc_payloads_by_id ON public.oidc_payloads USING btree (id_digest);
CREATE INDEX oidc_payloads_by_uid ON public.oidc_payloads USING btree (tenant_id, uid);
CREATE INDEX sign_in_failures_by_age ON public.sign_in_failures USING btree (tenant_id, updated_at);
CREATE UNIQUE INDEX users_by_anchor ON public.users USING btree (tenant_id, source_anchor, forest);
CREATE UNIQUE INDEX users_by_name ON public.users USING btree (tenant_id, upn_key) WHERE (deleted_at IS NULL);
CREATE INDEX users_by_news ON public.users USING btree (tenant_id, news_seq);
CREATE INDEX users_by_wanted_name ON public.users USING btree (tenant_id, wanted_key) WHERE (deleted_at IS NULL);
CREATE INDEX users_sent_again ON public.users USING btree (tenant_id, changed_seq) WHERE (news_seq IS DISTINCT FROM changed_seq);
CREATE TRIGGER users_end_sessions BEFORE UPDATE ON public.users FOR EACH ROW WHEN (((old.account_enabled AND (NOT new.account_enabled)) OR ((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL)) OR ((old.blocked_at IS NULL) AND (new.blocked_at IS NOT NULL)) OR (old.cloud_credential IS DISTINCT FROM new.cloud_credential) OR (old.order_version IS DISTINCT FROM new.order_version) OR (old.order_time IS DISTINCT FROM new.order_time) OR (old.order_invocation_id IS DISTINCT FROM new.order_invocation_id) OR ((old.account_expires IS DISTINCT FROM new.account_expires) AND ((old.account_expires <= now()) OR (new.account_expires <= now()))))) EXECUTE FUNCTION public.causeway_end_sessions();
ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.change_counters
    ADD CONSTRAINT change_counters_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.connect_statuses
    ADD CONSTRAINT connect_statuses_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.encapsulations
    ADD CONSTRAINT encapsulations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.enrolments
    ADD CONSTRAINT enrolments_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.managed_domains
    ADD CONSTRAINT managed_domains_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.oidc_payloads
    ADD CONSTRAINT oidc_payloads_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.reserved_names
    ADD CONSTRAINT reserved_names_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.seen_names
    ADD CONSTRAINT seen_names_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.sign_in_failures
    ADD CONSTRAINT sign_in_failures_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.statements
    ADD CONSTRAINT statements_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
